"""Which builds leave libraries out that Whisper never calls, and where they are complete.

The CUDA image's own build is lean: images/scripts/finish has the tables of what it is without,
which hold for libraries that were looked at. Any other build of the variant keeps all of its own.
"""

from images.catalog import AnyImage, Variant, load_catalog
from images.errors import CatalogError

VARIANTS = ("cuda",)


def has_lean(image: AnyImage) -> bool:
    """Whether a build of that image is lean unless the complete one is asked for."""
    return (
        isinstance(image, Variant)
        and image.name in VARIANTS
        and image.build == load_catalog().variant(image.name).build
    )


def check_full(full: bool, image: AnyImage) -> None:
    """CatalogError where the complete image of a variant is asked for that has no lean one."""
    if full and image.name not in VARIANTS:
        raise CatalogError(
            f"--full is for the CUDA image: {image.name} has all that belongs to it already"
        )


def is_full(full: bool, image: AnyImage) -> bool:
    """Whether a build of the CUDA image keeps every library: as asked, or there is no lean one."""
    return image.name in VARIANTS and (full or not has_lean(image))
