"""Which libraries a build may put a stub in the place of, on request; the build makes the stubs."""

import tomllib

from images.catalog import CHECKOUT
from images.errors import CatalogError

TABLE = CHECKOUT / "images" / "scripts" / "finish" / "stubs.toml"
ALL = "all"
UNTRIED = "no such image was ever run on a GPU: docs/images.md"


def choose(text: str, variant: str) -> str:
    """The stubs of a build as one word, sorted, from ``nccl,nvshmem``, ``all`` or nothing.

    CatalogError for a name that is not in the table, and for a variant that has no such library.
    """
    if not text:
        return ""
    known = sorted(tomllib.loads(TABLE.read_text("utf-8")))
    names = known if text == ALL else sorted({name.strip() for name in text.split(",")})
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CatalogError(
            f"there is no stub of {', '.join(unknown)}; choose from {', '.join(known)} or {ALL!r}"
        )
    if variant != "cuda":
        raise CatalogError(f"stubs are for the CUDA image: {variant} has none of these libraries")
    return ",".join(names)
