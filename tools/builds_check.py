"""``make builds-check``: the table of builds against the PyTorch package index.

Compared is what the index and the wheels tell without a download: which wheels there are, by tag,
version and architecture; the C library that their names ask for; the CUDA version that their
metadata require; and what their rocBLAS has kernels for, by the list of their files. What could not
be compared is said as well, cell by cell, on stderr.

Exit codes: 0 the table is right, 1 the index has something else, 24 it can't be reached.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from probe.errors import UserError
from probe.exit_codes import ExitCode
from probe.tables.builds import Build, Table, line_of, load_table
from tools.package_index import Link, UnreadableError, links_of, metadata_of
from tools.wheel_facts import cuda_of, cuda_of_tag, kernels_of, version_of

PYTHON = "cp311"  # the Python of the images
GLIBC = (2, 36)  # of the images: Debian 12
WHEEL = re.compile(rf"torch-(\d[\w.]*)(?:\+([\w.]+))?-{PYTHON}-{PYTHON}-([\w.]+)\.whl")
ARCHITECTURES = ("x86_64", "aarch64")
# What no index tells.
NEVER = "the oldest drivers of the CUDA builds", "the drivers of Jetsons"
BY_THE_WHEEL_ALONE = "only the wheel itself tells what code is in it"

Version = tuple[int, ...]
Found = Mapping[tuple[str, str], Link]  # by version of torch and architecture


@dataclass
class Unchecked:
    """The cells that could not be compared, by the reason; in the order of the table."""

    cells: dict[str, list[str]] = field(default_factory=dict)

    def add(self, cell: str, reason: str) -> None:
        """Note a cell."""
        self.cells.setdefault(reason, []).append(cell)

    def lines(self) -> Iterator[str]:
        """A line for each reason."""
        for reason, cells in self.cells.items():
            yield f"not checked ({reason}): {', '.join(dict.fromkeys(cells))}"


def main(argv: Sequence[str] | None = None) -> int:
    """Compare, and print what changed, and what could not be compared."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.builds_check", description="Compare the table with the index."
    )
    parser.add_argument("--index", metavar="URL", help="instead of the table's index")
    arguments = parser.parse_args(argv)
    table = load_table()
    index = (arguments.index or table.index_base).rstrip("/")
    unchecked = Unchecked()
    try:
        changes = [*compare(table, index, unchecked)]
    except UserError as error:
        print(f"builds-check: {error}", file=sys.stderr)
        return error.exit_code
    for line in unchecked.lines():
        print(line, file=sys.stderr)
    for change in changes:
        print(change)
    tags = len({build.wheel for build in table.builds})
    if not changes:
        print(f"the table agrees with the index: {len(table.builds)} builds, {tags} tags")
    return ExitCode.FAILED if changes else 0


def compare(table: Table, index: str, unchecked: Unchecked) -> Iterator[str]:
    """What differs, one line each. Raises ``UnreachableError`` if the index does not answer."""
    builds: dict[str, list[Build]] = {}
    for build in table.builds:
        builds.setdefault(build.wheel, []).append(build)
    for wheel, of_wheel in builds.items():
        links = links_of(index, wheel)
        if links is None:
            yield f"{wheel}: the index has no such tag any more"
            continue
        found = wheels_among(links, wheel)
        yield from _compare_tag(wheel, of_wheel, found, table)
        for build in of_wheel:
            yield from _compare_wheels(build, found, table, unchecked)
    for never in NEVER:
        unchecked.add(never, "no index tells")


def _compare_tag(wheel: str, builds: Sequence[Build], found: Found, table: Table) -> Iterator[str]:
    for build in builds:
        for arch in _expected_architectures(build, table):
            if (build.torch, arch) not in found:
                yield f"{wheel}: no {PYTHON} wheel of torch {build.torch} for {arch}"
        newer = _newest(version for version, _ in found if line_of(version) == build.line)
        if newer is not None and _number(newer) > _number(build.torch):
            yield f"{wheel}: torch {newer} is out; the table has {build.torch}"
    lines = {build.line for build in builds}
    oldest = min(_number(line) for line in table.lines())
    # A tag that was dropped for a later line comes back, or one of a line that we do not know.
    for line in sorted({line_of(version) for version, _ in found} - lines, key=_number):
        if _number(line) > oldest:
            yield f"{wheel}: the index has torch {line} with it; the table has not"
    yield from _more_architectures(wheel, builds, found, table)


def _more_architectures(
    wheel: str, builds: Sequence[Build], found: Found, table: Table
) -> Iterator[str]:
    """Wheels for architectures that the table says there is no code for: GB200 needed one."""
    for build in builds:
        for arch in ARCHITECTURES:
            if arch not in _expected_architectures(build, table) and (build.torch, arch) in found:
                yield f"{wheel}: the index has torch {build.torch} for {arch}; the table has not"


def _compare_wheels(
    build: Build, found: Found, table: Table, unchecked: Unchecked
) -> Iterator[str]:
    """What the build's wheels say of themselves."""
    for arch in _expected_architectures(build, table):
        cell = f"torch {build.torch} {build.wheel} {arch}"
        link = found.get((build.torch, arch))
        if link is None:
            continue  # that has been said
        if (needed := _glibc(link.name)) > GLIBC:
            yield f"{cell}: it needs glibc {'.'.join(map(str, needed))}, newer than the images'"
        yield from _compare_metadata(build, cell, link, unchecked)
        if build.backend == "rocm":
            yield from _compare_kernels(build, arch, link, unchecked)
        if build.backend != "cpu":
            code = "gfx targets" if build.backend == "rocm" else "compute capabilities"
            unchecked.add(f"{code} of {cell}", BY_THE_WHEEL_ALONE)


def _compare_metadata(build: Build, cell: str, link: Link, unchecked: Unchecked) -> Iterator[str]:
    try:
        metadata = metadata_of(link)
    except UnreadableError as error:
        unchecked.add(f"requirements of {cell}", str(error))
        return
    version = version_of(metadata)
    if version != build.torch:
        yield f"{cell}: its metadata are of torch {version}"
    required, expected = cuda_of(metadata), cuda_of_tag(build.wheel)
    if required is None and expected is not None:
        unchecked.add(f"CUDA version of {cell}", "it carries its libraries, and requires none")
    elif required != expected:
        yield f"{cell}: it requires CUDA {required}, not {expected or 'none'}"


def _compare_kernels(build: Build, arch: str, link: Link, unchecked: Unchecked) -> Iterator[str]:
    try:
        found = kernels_of(link)
    except UnreadableError as error:
        unchecked.add(f"rocBLAS's kernels of torch {build.torch} {build.wheel}", str(error))
        return
    known = build.gfx.get(arch, frozenset()) & build.kernels
    for gfx in sorted(found - known):
        yield f"{build.wheel}: torch {build.torch} has kernels for {gfx}; the table has not"
    for gfx in sorted(known - found):
        yield f"{build.wheel}: torch {build.torch} has no kernels for {gfx}; the table has"


def _expected_architectures(build: Build, table: Table) -> Sequence[str]:
    if build.backend == "cpu":
        return table.cpu_arch
    return [arch for arch in ARCHITECTURES if arch in (build.cuda_code or build.gfx)]


def wheels_among(links: Sequence[Link], wheel: str) -> Found:
    """The torch wheels of one tag for our Python."""
    matches = ((link, WHEEL.search(link.name)) for link in links)
    return {
        (match[1], arch): link
        for link, match in matches
        if match and match[2] in (None, wheel) and (arch := _architecture(match[3])) is not None
    }


def _architecture(platform: str) -> str | None:
    if not platform.startswith(("linux_", "manylinux")):
        return None
    return next((arch for arch in ARCHITECTURES if platform.endswith(arch)), None)


def _glibc(name: str) -> Version:
    """The oldest C library that a wheel's name asks for; the lowest where it says none."""
    found = re.findall(r"manylinux_(\d+)_(\d+)_", name)
    return min(((int(major), int(minor)) for major, minor in found), default=(0, 0))


def _number(version: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _newest(versions: Iterator[str]) -> str | None:
    return max((v for v in versions if re.fullmatch(r"[\d.]+", v)), key=_number, default=None)


if __name__ == "__main__":
    sys.exit(main())
