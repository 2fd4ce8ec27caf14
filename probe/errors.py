"""Errors that reach a person: the message names the thing and the remedy.

``UserError`` is the root of every package's errors, because ``probe`` is the one package that
all others may import. A class is an exit code; nothing else about an error is a program's business.

    UserError                          FAILED
    ├── ProbeError                     FAILED
    │   ├── OverrideError              USAGE
    │   ├── NoGpuError                 NO_GPU
    │   ├── CommandError               NO_COMMAND
    │   └── universal.errors           INSTALL, HASH
    ├── images.errors.ImagesError      STALE to TRANSFER
    ├── compose.errors.ComposeError    UNHEALTHY, DEMO, HAND_OVER
    └── alternator.errors              SERVER to STATE

The numbers stand in ``exit_codes.py``, each once.
"""

import os

from probe.exit_codes import ExitCode

# What stands before a message on stderr: who runs these programs and shows their words takes it off
# again.
PROBE_PREFIX = "alternator probe: "
WAITING_PREFIX = "alternator: waiting "
ENTRYPOINT_PREFIX = "alternator-entrypoint: "


class UserError(Exception):
    """Something the operator can mend. Printed as one line, never as a traceback."""

    exit_code = ExitCode.FAILED


class ProbeError(UserError):
    """The probe can't do what was asked of it."""


class OverrideError(ProbeError):
    """An override (flag, variable or configuration key) asks for what can't work here."""

    exit_code = ExitCode.USAGE


class NoGpuError(ProbeError):
    """``--require-gpu`` was given and no GPU is usable."""

    exit_code = ExitCode.NO_GPU


class CommandError(ProbeError):
    """The container was given a command that it can't start; 127 is what shells say."""

    exit_code = ExitCode.NO_COMMAND


def reason_of(error: OSError) -> str:
    """The system's reason; where somebody may not do something, also who: inside a container that
    is nobody whom the operator sees."""
    who = f" (as user {os.geteuid()})" if isinstance(error, PermissionError) else ""
    return f"{error.strerror}{who}"


def print_trace(error: Exception) -> None:
    """Where an error came from, over many lines on stderr; for a defect of ours."""
    import traceback  # no good start needs it

    traceback.print_exception(error)


def defect_text(error: Exception) -> str:
    """What is said of an error that is no ``UserError``: it is ours, and to be reported."""
    return f"this should not have happened: {type(error).__name__}: {error}; please report it"
