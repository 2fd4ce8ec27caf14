"""What a wheel of torch says of itself: its metadata and its list of files, without the rest."""

import io
import re
import zipfile
from collections.abc import Iterator

from tools.package_index import BUFFER, Link, RemoteFile, UnreadableError

# Which toolkit a build was made with: the version of the CUDA runtime that it requires, or of the
# package that stands for all of it.
RUNTIME = re.compile(
    r"^Requires-Dist: (?:nvidia-cuda-runtime(?:-cu\d+)?|cuda-toolkit)(?:\[[^\]]*\])?"
    r" ?\(?==(\d+\.\d+)",
    re.MULTILINE | re.IGNORECASE,
)
VERSION = re.compile(r"^Version: (\S+)", re.MULTILINE)
# One file for each target that rocBLAS has kernels for.
KERNELS = re.compile(r"/rocblas/library/TensileLibrary_lazy_(gfx[0-9a-f]+)\.dat$")


def cuda_of(metadata: str) -> str | None:
    """The CUDA version that a wheel requires, ``12.8``; None where it requires none."""
    found = RUNTIME.search(metadata)
    return found[1] if found else None


def version_of(metadata: str) -> str | None:
    """The version of torch that the metadata is of, without what stands behind a plus."""
    found = VERSION.search(metadata)
    return found[1].partition("+")[0] if found else None


def cuda_of_tag(wheel: str) -> str | None:
    """The CUDA version of a tag: 12.8 of cu128; None for cpu and rocm7.2."""
    return f"{wheel[2:-1]}.{wheel[-1]}" if wheel.startswith("cu") else None


def kernels_of(link: Link) -> frozenset[str]:
    """The gfx targets that the wheel's rocBLAS has kernels for, by the names of its files.

    Of the wheel only the list of its files is fetched. Raises ``UnreadableError``.
    """
    found = frozenset(match[1] for name in _names(link) if (match := KERNELS.search(f"/{name}")))
    if not found:
        raise UnreadableError("it carries no rocBLAS")
    return found


def _names(link: Link) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BufferedReader(RemoteFile(link.url), BUFFER)) as wheel:
            yield from wheel.namelist()
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UnreadableError(f"its list of files can't be read ({error})") from error
