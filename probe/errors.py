"""Errors that reach a person: the message names the thing and the remedy.

``UserError`` is the root of every package's errors, because ``probe`` is the one package that
all others may import. A class is an exit code; nothing else about an error is a program's business.
"""


class UserError(Exception):
    """Something the operator can mend. Printed as one line, never as a traceback."""

    exit_code = 1


class ProbeError(UserError):
    """The probe can't do what was asked of it."""


class OverrideError(ProbeError):
    """An override (flag, variable or configuration key) asks for what can't work here."""

    exit_code = 2


class NoGpuError(ProbeError):
    """``--require-gpu`` was given and no GPU is usable."""

    exit_code = 3


class CommandError(ProbeError):
    """The container was given a command that it can't start; 127 is what shells say."""

    exit_code = 127
