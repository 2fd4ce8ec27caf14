"""The platforms that images are built for, by the names that engines, Debian and kernels use."""

import platform
from dataclasses import dataclass

from images.catalog import Variant, machines
from images.errors import CatalogError


@dataclass(frozen=True, kw_only=True)
class Platform:
    """An architecture, by the names that engines and Debian, and kernels and wheels give it."""

    architecture: str  # amd64, arm64
    machine: str  # x86_64, aarch64
    elf_machine: int  # its number in program files
    end: bytes  # machine code that ends a process with status 0

    def __str__(self) -> str:
        """The name that engines take: ``linux/arm64``."""
        return f"linux/{self.architecture}"


AMD64 = Platform(
    architecture="amd64",
    machine="x86_64",
    elf_machine=62,
    end=bytes.fromhex("b83c000000 31ff 0f05"),  # mov eax, 60; xor edi, edi; syscall
)
ARM64 = Platform(
    architecture="arm64",
    machine="aarch64",
    elf_machine=183,
    end=bytes.fromhex("000080d2 a80b80d2 010000d4"),  # mov x0, 0; mov x8, 93; svc 0
)
PLATFORMS = (AMD64, ARM64)


def parse_platform(name: str) -> Platform:
    """The platform called ``linux/arm64``, or ``arm64`` for short; else a CatalogError."""
    for known in PLATFORMS:
        if name in (str(known), known.architecture):
            return known
    raise CatalogError(
        f"no image is built for {name!r}; choose from {', '.join(map(str, PLATFORMS))}"
    )


def of_machine(machine: str) -> Platform | None:
    """The platform by the name that a kernel gives it (macOS says arm64); None if it is none."""
    return next((p for p in PLATFORMS if machine in (p.machine, p.architecture)), None)


def this_machine() -> str:
    """The architecture of this machine, named as Linux names it: ``aarch64``."""
    known = of_machine(platform.machine())
    return known.machine if known else platform.machine()


def tag_for(tag: str, wanted: Platform, own: Platform) -> str:
    """The local tag of an image for ``wanted``, on an engine whose platform is ``own``.

    An engine's image store holds one image a tag, so those of other platforms say which they are.
    """
    return tag if wanted == own else f"{tag}-{wanted.architecture}"


def refusal(variant: Variant, wanted: Platform) -> str | None:
    """Why no image of ``variant`` can be built for a platform, or None if one can."""
    known = machines(variant)
    if wanted.machine in known:
        return None
    return (
        f"torch {variant.torch} has no {variant.wheel} build for {wanted.machine} ({wanted}), "
        f"only for {', '.join(known)}"
    )


def require_platform(variant: Variant, wanted: Platform) -> None:
    """Raise a CatalogError if no image of ``variant`` can be built for a platform."""
    if why := refusal(variant, wanted):
        raise CatalogError(f"{why}; VARIANT=cpu runs on every platform")
