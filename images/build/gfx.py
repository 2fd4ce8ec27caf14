"""Which AMD targets a build keeps kernels for, on request: those that torch's build has."""

from collections.abc import Sequence

from images.catalog import AnyImage, Variant
from images.errors import CatalogError
from probe.tables.builds import Table

OPTION = "--gfx"


def choose(text: str, images: Sequence[AnyImage], table: Table) -> None:
    """CatalogError for targets that no image of these has kernels for, or that are no targets.

    Kernels for other targets are removed, so an image for a name that is mistyped would have none.
    """
    if not text:
        return
    rocm = [image for image in images if isinstance(image, Variant) and image.name == "rocm"]
    if not rocm:
        raise CatalogError(
            f"{OPTION} {text} names AMD's targets, and {_names(images)} has no code for AMD: name "
            f"VARIANT=rocm, or leave it out"
        )
    known = targets(rocm[0], table)
    unknown = sorted(set(text.split(",")) - known)
    if unknown:
        raise CatalogError(
            f"{OPTION} {text}: torch {rocm[0].torch} {rocm[0].wheel} has no kernels for "
            f"{', '.join(map(repr, unknown))}; it has them for {', '.join(sorted(known))}"
        )


def kept(text: str, image: AnyImage) -> str:
    """The targets for one image: of all that are built together, only one has any."""
    return text if isinstance(image, Variant) and image.name == "rocm" else ""


def targets(variant: Variant, table: Table) -> frozenset[str]:
    """What a variant's torch build has kernels for, on any architecture."""
    return frozenset(
        target
        for build in table.builds
        if (build.torch, build.wheel) == (variant.torch, variant.wheel)
        for known in build.gfx.values()
        for target in known
    )


def _names(images: Sequence[AnyImage]) -> str:
    return ", ".join(image.name for image in images)
