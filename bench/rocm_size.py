"""What of a ROCm wheel the reasoning of the lean CUDA image would leave out, in MB.

    python -m bench.rocm_size                 # by the published listing, bench/rocm_listing.toml
    python -m bench.rocm_size WHEEL|ADDRESS   # by a wheel's own directory, without fetching the rest

Nothing is left out of the ROCm image: no AMD GPU was at hand to try it on. MIOpen stays in any
case, since it is what convolves there.
"""

import argparse
import io
import sys
import tomllib
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

LISTING = Path(__file__).with_name("rocm_listing.toml")
TIMEOUT_S = 30
LEAST = 1_000_000  # bytes; smaller parts are left out of the table

# What goes by the same reasoning, and what stands in its place for NVIDIA: images/scripts/finish.
PARTS: Mapping[str, tuple[str, ...]] = {
    "RCCL: several GPUs (NCCL)": ("torch/lib/librccl.so*",),
    "rocSOLVER, MAGMA: torch.linalg (cuSOLVER)": (
        "torch/lib/librocsolver.so*",
        "torch/lib/libhipsolver.so*",
        "torch/lib/libmagma.so*",
    ),
    "rocSPARSE, hipSPARSELt: sparse matrices": (
        "torch/lib/librocsparse.so*",
        "torch/lib/libhipsparse*.so*",
        "torch/lib/hipsparselt/*",
    ),
    "rocFFT: Fourier transforms (cuFFT)": ("torch/lib/librocfft*.so*", "torch/lib/libhipfft.so*"),
    "rocRAND (cuRAND)": ("torch/lib/librocrand.so*", "torch/lib/libhiprand.so*"),
}
KEPT: Mapping[str, tuple[str, ...]] = {
    "rocBLAS": ("torch/lib/librocblas.so*", "torch/lib/rocblas/*", "torch/lib/libhipblas.so*"),
    "hipBLASLt": ("torch/lib/libhipblaslt.so*", "torch/lib/hipblaslt/*"),
    "MIOpen": ("torch/lib/libMIOpen.so*", "torch/share/miopen/*"),
    "torch": ("torch/lib/libtorch*.so*",),
}


def main() -> int:
    """Print the table of a wheel, or of the published listing."""
    parser = argparse.ArgumentParser(prog="python -m bench.rocm_size", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("wheel", nargs="?", help="a wheel's path or address")
    wheel = parser.parse_args().wheel
    if wheel is None:
        listing = tomllib.loads(LISTING.read_text("utf-8"))
        print(f"torch {listing['build']}, {listing['source']}: {listing['note']}")
        sizes = {str(name): int(size) for name, size in listing["files"].items()}
    else:
        print(wheel)
        sizes = directory(wheel)
    for line in table(sizes):
        print(line)
    if wheel is None:
        print(split_line(listing["split"]))
    return 0


def split_line(split: Mapping[str, Any]) -> str:
    """What kernels for one card alone would make of a wheel, as published."""
    whole, alone = split["wheel"], split["without_kernels"] + split["gfx1100"]
    return (
        f"with the kernels of gfx1100 alone a wheel of {whole / 1e6:.0f} MB would have "
        f"{alone / 1e6:.0f} (compressed, torch {split['build']}, {split['source']})"
    )


def directory(wheel: str) -> dict[str, int]:
    """The bytes that each file of a wheel unpacks to."""
    with (
        RemoteFile(wheel) if "://" in wheel else Path(wheel).open("rb") as source,
        zipfile.ZipFile(source) as archive,
    ):
        return {entry.filename: entry.file_size for entry in archive.infolist()}


class RemoteFile(io.RawIOBase):
    """A file behind an address, of which only what is read is fetched (RFC 9110, Range)."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._at = 0
        request = urllib.request.Request(address, method="HEAD")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            self._size = int(answer.headers["Content-Length"])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._at + size, self._size)
        if end <= self._at:
            return b""
        request = urllib.request.Request(self._address)
        request.add_header("Range", f"bytes={self._at}-{end - 1}")
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            if answer.status != 206:
                raise SystemExit(f"{self._address}: the server gives no parts of files")
            content: bytes = answer.read()
        self._at = end
        return content


def table(sizes: Mapping[str, int]) -> Iterator[str]:
    """What would go, what stays, and the sums."""
    yield from rows("would go", PARTS, sizes)
    yield from rows("stays", KEPT, sizes)
    rest = sum(sizes.values()) - sum(
        weight(patterns, sizes) for patterns in (*PARTS.values(), *KEPT.values())
    )
    yield f"{'all other files':<48}{rest / 1e6:>8.0f}"
    yield f"{'the wheel, as far as listed':<48}{sum(sizes.values()) / 1e6:>8.0f}"


def rows(
    title: str, parts: Mapping[str, tuple[str, ...]], sizes: Mapping[str, int]
) -> Iterator[str]:
    """A line for each part that weighs something, under their sum."""
    found = {name: weight(patterns, sizes) for name, patterns in parts.items()}
    yield f"{title:<48}{sum(found.values()) / 1e6:>8.0f}"
    for name, size in sorted(found.items(), key=lambda item: -item[1]):
        if size >= LEAST:
            yield f"  {name:<46}{size / 1e6:>8.0f}"


def weight(patterns: tuple[str, ...], sizes: Mapping[str, int]) -> int:
    """The bytes of the files that a part's patterns match."""
    return sum(
        size
        for name, size in sizes.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    )


if __name__ == "__main__":
    sys.exit(main())
