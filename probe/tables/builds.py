"""The table of torch builds as typed objects, and the rules to read a cell.

The facts stand in ``builds.toml``; they come by way of ``generated.py``.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from probe.facts import ComputeCapability
from probe.frozen_record import Record
from probe.numbers import parse_capability, parse_version
from probe.tables.generated import BUILDS

if TYPE_CHECKING:
    from probe.tables.entries import BuildsTable, CodeEntry, GfxEntry, LineEntry

Backend = Literal["cuda", "rocm", "cpu"]


class CudaCode(Record):
    """Machine code for NVIDIA GPUs in one build, for one machine architecture."""

    capabilities: tuple[ComputeCapability, ...]
    ptx: ComputeCapability | None = None

    def runs_on(self, capability: ComputeCapability) -> bool:
        """A binary for X.Y runs on X.Z with Z ≥ Y; PTX is compiled for anything newer.

        https://docs.nvidia.com/cuda/cuda-programming-guide/01-introduction/cuda-platform.html
        """
        if self.ptx is not None and capability >= self.ptx:
            return True
        major, minor = capability
        return any(major == built and minor >= at_least for built, at_least in self.capabilities)


class Build(Record):
    """One wheel of torch: a line and a tag such as cu130, rocm7.2 or cpu."""

    line: str
    torch: str
    wheel: str
    backend: Backend
    index_url: str
    experimental: bool = False
    default: bool = False  # the default package index carries it
    retired: str | None = None  # why it is taken only on request
    last_line: str | None = None  # no later line of torch has this wheel
    driver_linux: str | None = None
    driver_windows: str | None = None
    driver_advised: str | None = None
    cuda_code: dict[str, CudaCode]  # by machine architecture
    gfx: dict[str, frozenset[str]]  # by machine architecture: what torch has code for
    kernels: frozenset[str]  # the gfx targets that its rocBLAS has kernels for


class HsaOverride(Record):
    """A gfx target that runs another target's code under ``HSA_OVERRIDE_GFX_VERSION``."""

    runs_as: str
    version: str


class Table(Record):
    """All builds, newest line first, and what holds across them."""

    catalog: str
    index_base: str
    cpu_arch: tuple[str, ...]
    macos_arch: tuple[str, ...]
    builds: tuple[Build, ...]
    tegra_driver: str
    tegra_remedy: str
    hsa_overrides: dict[str, HsaOverride]

    def lines(self) -> tuple[str, ...]:
        """The lines of torch in the table, newest first."""
        return tuple(dict.fromkeys(build.line for build in self.builds))

    def walk(self, line: str | None = None) -> tuple[str, ...]:
        """The lines to try in order: the one asked for, or the catalog's and then older ones."""
        if line is not None:
            return (line,)
        lines = self.lines()
        return lines[lines.index(self.catalog) :]

    def of_line(self, line: str, backend: str) -> tuple[Build, ...]:
        """The builds of one line for one backend, newest first."""
        return tuple(b for b in self.builds if b.line == line and b.backend == backend)

    def find(self, line: str, wheel: str) -> Build | None:
        """The build of a line by its tag, or None."""
        return next((b for b in self.builds if b.line == line and b.wheel == wheel), None)


def line_of(torch: str) -> str:
    """The line of a torch version: ``2.13.0+cu130`` and ``2.13`` are both ``2.13``."""
    return ".".join(torch.partition("+")[0].split(".")[:2])


def load_table() -> Table:
    """The table. Raises ``ValueError`` or ``KeyError`` if the committed one is broken."""
    data = BUILDS
    base = data["index_base"]
    return Table(
        catalog=data["catalog"],
        index_base=base,
        cpu_arch=tuple(data["cpu_arch"]),
        macos_arch=tuple(data["macos_arch"]),
        builds=tuple(build for line in data["line"] for build in _builds_of(line, data)),
        tegra_driver=data["tegra"]["driver"],
        tegra_remedy=data["tegra"]["remedy"],
        hsa_overrides={
            target: HsaOverride(runs_as=entry["runs_as"], version=entry["version"])
            for entry in data["hsa_override"]
            for target in entry["targets"]
        },
    )


@lru_cache(maxsize=1)
def current_gfx() -> frozenset[str]:
    """The gfx targets that compute with the catalog's line of torch, on any architecture."""
    table = load_table()
    own = frozenset(
        target
        for build in table.of_line(table.catalog, "rocm")
        for targets in build.gfx.values()
        for target in targets & build.kernels
    )
    return own | {gfx for gfx, entry in table.hsa_overrides.items() if entry.runs_as in own}


@lru_cache(maxsize=1)
def rocm_gfx() -> frozenset[str]:
    """The gfx targets that compute with some build, of any line."""
    table = load_table()
    targets = (gfx & build.kernels for build in table.builds for gfx in build.gfx.values())
    return frozenset().union(*targets, table.hsa_overrides)


def _builds_of(line: "LineEntry", data: "BuildsTable") -> list[Build]:
    tags: list[tuple[str, Backend]] = [
        *((tag, "cuda") for tag in line["cuda"]),
        *((tag, "rocm") for tag in line["rocm"]),
        ("cpu", "cpu"),
    ]
    return [_build(line, wheel, backend, data) for wheel, backend in tags]


def _build(line: "LineEntry", wheel: str, backend: Backend, data: "BuildsTable") -> Build:
    needs = data["cuda"].get(wheel)
    return Build(
        line=line["line"],
        torch=line["version"],
        wheel=wheel,
        backend=backend,
        # One index for each tag, each a "simple" one:
        # https://packaging.python.org/en/latest/specifications/simple-repository-api/
        index_url=f"{data['index_base']}/{wheel}",
        experimental=wheel in line.get("experimental", ()),
        default=wheel == line["default"],
        retired=needs.get("retired") if needs else None,
        last_line=needs.get("last_line") if needs else None,
        driver_linux=needs["linux"] if needs else None,
        driver_windows=needs["windows"] if needs else None,
        driver_advised=needs.get("advised") if needs else None,
        cuda_code={
            entry["arch"]: CudaCode(
                capabilities=tuple(_capability(text) for text in entry["capabilities"]),
                ptx=_capability(entry["ptx"]) if "ptx" in entry else None,
            )
            for entry in data["code"]
            if _is_of(entry, wheel, line["line"])
        },
        gfx={
            entry["arch"]: frozenset(entry["targets"])
            for entry in data["gfx"]
            if _is_of(entry, wheel, line["line"])
        },
        kernels=frozenset(
            target
            for entry in data["kernels"]
            if wheel in entry["wheels"]
            for target in entry["targets"]
        ),
    )


def _is_of(entry: "CodeEntry | GfxEntry", wheel: str, line: str) -> bool:
    """Whether a group of cells is about a build of a line."""
    return wheel in entry["wheels"] and line in entry.get("lines", (line,))


def _capability(text: str) -> ComputeCapability:
    capability = parse_capability(text)
    if capability is None:
        raise ValueError(f"builds.toml: {text!r} is no compute capability")
    return capability


def at_least(driver: str | None, floor: str) -> bool:
    """Whether a driver version reaches a floor, compared by number; unknown never does."""
    version, needed = parse_version(driver), parse_version(floor)
    return version is not None and needed is not None and version >= needed
