"""``python -m probe`` is ``alternator probe``, for where the distribution is not installed."""

import os
import sys

from probe.cli import probe
from probe.errors import PROBE_PREFIX, UserError, defect_text, print_trace
from probe.exit_codes import ExitCode
from probe.machine.variables import DEBUG


def main() -> int:
    """The probe's exit code; errors meant for a person become one line."""
    try:
        return probe(sys.argv[1:])
    except UserError as error:
        print(f"{PROBE_PREFIX}{error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: nothing to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitCode.BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - a defect of ours, told in one line and its own code
        if os.environ.get(DEBUG):
            print_trace(error)
        print(f"{PROBE_PREFIX}{defect_text(error)} ({DEBUG}=1 shows where)", file=sys.stderr)
        return ExitCode.INTERNAL


if __name__ == "__main__":
    sys.exit(main())
