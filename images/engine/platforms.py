"""The platforms that images are built for, and whether an engine can build for one.

An image of another architecture than the engine's is built by emulation: the kernel hands its
programs to QEMU. Whether it does is asked of the engine itself, with a program that only ends.
"""

import contextlib
import io
import platform
import struct
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass

import docker
from docker.errors import DockerException

from images.catalog import Variant, machines
from images.errors import CatalogError, EngineError

TRIAL_TAG = "alternator-platform-trial"
# Where a program's code lies in memory, and the sizes of the two headers before it.
LOAD_ADDRESS = 0x400000
HEADERS = 64 + 56


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


def named(name: str) -> Platform:
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


def native(client: docker.DockerClient) -> Platform:
    """The engine's own platform, which need not be this machine's; EngineError if it is unknown."""
    machine = str(client.info()["Architecture"])
    known = of_machine(machine)
    if known is None:
        raise EngineError(
            f"the container engine runs on {machine}, which torch has no build for: "
            f"images are for {' and '.join(map(str, PLATFORMS))}"
        )
    return known


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


def demand(variant: Variant, wanted: Platform) -> None:
    """Raise a CatalogError if no image of ``variant`` can be built for a platform."""
    if why := refusal(variant, wanted):
        raise CatalogError(f"{why}; VARIANT=cpu runs on every platform")


def ensure_builds(client: docker.DockerClient, wanted: Sequence[Platform]) -> None:
    """Raise an EngineError with the remedy if the engine can't run programs of a platform."""
    own = native(client)
    for other in wanted:
        if other != own and not runs(client, other):
            raise EngineError(
                f"this container engine runs {own} and has no emulation of {other}. On the "
                f"machine that it runs on, type\n"
                f"    sudo apt-get install qemu-user-static binfmt-support\n"
                f"and run this command again, or build on a machine of {other}."
            )


def runs(client: docker.DockerClient, wanted: Platform) -> bool:
    """Whether the engine can run a program of a platform, by running one that only ends."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        entry = tarfile.TarInfo("end")
        entry.mode, data = 0o755, program(wanted)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    try:
        client.api.import_image_from_data(content.getvalue(), repository=TRIAL_TAG, tag="latest")
        client.containers.run(TRIAL_TAG, ["/end"], network_mode="none", remove=True)
    except DockerException as error:
        if "exec format error" in str(error):
            return False
        raise EngineError(f"the engine does not tell whether it runs {wanted}: {error}") from error
    finally:
        with contextlib.suppress(DockerException):
            client.images.remove(TRIAL_TAG, force=True)
    return True


def program(wanted: Platform) -> bytes:
    """A whole program file for Linux: the ELF header, one segment, and the code in it."""
    size = HEADERS + len(wanted.end)
    start = LOAD_ADDRESS + HEADERS
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)  # 64 bits, little-endian, version 1
    header = struct.pack(
        "<HHIQQQIHHHHHH", 2, wanted.elf_machine, 1, start, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    # Loaded as it is, to be read and executed.
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 0x10000)
    return identity + header + segment + wanted.end
