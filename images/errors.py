"""The builder's errors. A class is an exit code; the message names the thing and the remedy."""

from probe.errors import UserError


class ImagesError(UserError):
    """Base of the builder's errors."""


class CatalogError(ImagesError):
    """The catalog is inconsistent, or an unknown variant or build was asked for."""

    exit_code = 2


class StaleError(ImagesError):
    """A committed generated file differs from what its template gives now."""

    exit_code = 3


class EngineError(ImagesError):
    """No container engine, or one that refuses to work."""

    exit_code = 4


class WheelhouseError(ImagesError):
    """Packages for an image can't be had."""

    exit_code = 5


class BuildError(ImagesError):
    """An image did not build."""

    exit_code = 6


class SiteError(ImagesError):
    """What the site adds to a build (certificates, mirrors, credentials) can't be had."""

    exit_code = 7


class BudgetError(ImagesError):
    """An image is larger than the catalog allows."""

    exit_code = 8


class ShipError(ImagesError):
    """An image can't be pushed, saved or loaded."""

    exit_code = 9
