"""What can go wrong at the universal image's first start. A class is an exit code."""

from probe.errors import ProbeError


class InstallError(ProbeError):
    """A build can't be installed."""

    exit_code = 5


class FetchError(InstallError):
    """The packages of a build can't be had from here."""


class SpaceError(InstallError):
    """The volume is too small."""


class HashError(InstallError):
    """A package is not the one that was locked. Never passed over for another build."""

    exit_code = 6
