"""The builder's errors. A class is an exit code; the message names the thing and the remedy."""

from probe.errors import UserError
from probe.exit_codes import ExitCode


class ImagesError(UserError):
    """Base of the builder's errors."""


class CatalogError(ImagesError):
    """The catalog is inconsistent, or an unknown variant or build was asked for."""

    exit_code = ExitCode.USAGE


class StaleError(ImagesError):
    """A committed generated file differs from what its template gives now."""

    exit_code = ExitCode.STALE


class EngineError(ImagesError):
    """No container engine, or one that refuses to work."""

    exit_code = ExitCode.ENGINE


class WheelhouseError(ImagesError):
    """Packages for an image can't be had."""

    exit_code = ExitCode.PACKAGES


class BuildError(ImagesError):
    """An image did not build."""

    exit_code = ExitCode.BUILD


class SiteError(ImagesError):
    """What the site adds to a build (certificates, mirrors, credentials) can't be had."""

    exit_code = ExitCode.SITE


class BudgetError(ImagesError):
    """An image is larger than the catalog allows."""

    exit_code = ExitCode.BUDGET


class ShipError(ImagesError):
    """An image can't be pushed, saved or loaded."""

    exit_code = ExitCode.TRANSFER
