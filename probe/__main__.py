"""``python -m probe`` is ``alternator probe``, for where the distribution is not installed."""

import os
import sys

from probe.cli import probe
from probe.errors import PROBE_PREFIX, UserError
from probe.exit_codes import ExitCode

try:
    sys.exit(probe(sys.argv[1:]))
except UserError as error:
    print(f"{PROBE_PREFIX}{error}", file=sys.stderr)
    sys.exit(error.exit_code)
except KeyboardInterrupt:
    sys.exit(ExitCode.INTERRUPTED)
except BrokenPipeError:
    # The reader (head, less) went away: nothing to say, and nowhere to say it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(ExitCode.BROKEN_PIPE)
