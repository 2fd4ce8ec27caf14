"""Runs a tool so that an error meant for a person is one line, as the command's errors are."""

import sys
from collections.abc import Callable

from probe.errors import UserError
from probe.exit_codes import ExitCode


def run(main: Callable[[], None]) -> int:
    """The exit code of a tool: 0, or that of the UserError which it ended with and printed."""
    try:
        main()
    except UserError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return 0
