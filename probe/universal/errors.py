"""What can go wrong at the universal image's first start. A class is an exit code."""

from probe.errors import ProbeError
from probe.exit_codes import ExitCode


class InstallError(ProbeError):
    """A build can't be installed."""

    exit_code = ExitCode.INSTALL


class FetchError(InstallError):
    """The packages of a build can't be had from here."""


class SpaceError(InstallError):
    """The volume is too small."""


class HashError(InstallError):
    """A package is not the one that was locked. Never passed over for another build."""

    exit_code = ExitCode.HASH
