"""Errors of starting and stopping the stack: a class is an exit code, the message a remedy."""

from probe.errors import UserError
from probe.exit_codes import ExitCode


class ComposeError(UserError):
    """The stack can't be started or stopped."""


class UnhealthyError(ComposeError):
    """The stack was started, but the bot did not become healthy."""

    exit_code = ExitCode.UNHEALTHY


class DemoError(ComposeError):
    """The demo started, but a sample was not described in time."""

    exit_code = ExitCode.DEMO


class DeviceError(ComposeError):
    """The engine can't hand this machine's GPU to a container."""

    exit_code = ExitCode.HAND_OVER
