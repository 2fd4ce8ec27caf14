"""The shape of the TOML tables, which ``generated.py`` is checked against.

Not imported by a start of the probe: ``builds.py`` and ``devices.py`` make objects of it.
"""

from typing import NotRequired, TypedDict


class Sourced(TypedDict):
    """A group of cells that says where it comes from and when that was read, or ``not read``."""

    source: str
    read: str


class LineEntry(Sourced):
    """A line of torch and its builds, newest first."""

    line: str
    version: str
    cuda: list[str]
    rocm: list[str]
    default: str  # what the default package index carries
    experimental: NotRequired[list[str]]


class CudaEntry(Sourced):
    """What a CUDA build asks of the driver, on Linux and as seen under WSL2."""

    linux: str
    windows: str
    advised: NotRequired[str]
    last_line: NotRequired[str]
    retired: NotRequired[str]


class TegraEntry(Sourced):
    """The driver from which on a Jetson takes the ordinary builds."""

    driver: str
    remedy: str


class CodeEntry(Sourced):
    """Machine code for NVIDIA GPUs."""

    wheels: list[str]
    lines: NotRequired[list[str]]  # all that carry the build, without it
    arch: str
    capabilities: list[str]
    ptx: NotRequired[str]


class GfxEntry(Sourced):
    """The gfx targets that torch itself has code for, of ROCm builds."""

    wheels: list[str]
    lines: NotRequired[list[str]]  # all that carry the build, without it
    arch: str
    targets: list[str]


class KernelsEntry(Sourced):
    """The targets that the rocBLAS of ROCm builds has kernels for."""

    wheels: list[str]
    targets: list[str]


class HsaOverrideEntry(Sourced):
    """Targets that run another one's code."""

    targets: list[str]
    runs_as: str
    version: str


class BuildsTable(TypedDict):
    """``builds.toml``."""

    catalog: str
    index_base: str
    cpu_arch: list[str]
    macos_arch: list[str]
    line: list[LineEntry]
    cuda: dict[str, CudaEntry]
    tegra: TegraEntry
    code: list[CodeEntry]
    gfx: list[GfxEntry]
    kernels: list[KernelsEntry]
    hsa_override: list[HsaOverrideEntry]


class IntegratedEntry(TypedDict):
    """The targets that are part of a processor."""

    targets: list[str]


class AmdDevicesTable(TypedDict):
    """``amd_devices.toml``."""

    gfx: dict[str, list[str]]
    graphics_core: dict[str, str]
    integrated: IntegratedEntry


class ModuleEntry(TypedDict):
    """From which compute capability on the open kernel module drives a card, and no other does."""

    open_from: str
    open_only_from: str


class NvidiaDevicesTable(TypedDict):
    """``nvidia_devices.toml``."""

    last_driver: list[list[str]]
    first_driver: list[list[str]]
    module: ModuleEntry
    blocks: list[list[str]]


class StepEntry(TypedDict):
    """A command of ``systems.toml``; templates, as in ``probe.steps.Command``."""

    run: str
    note: NotRequired[str]
    root: NotRequired[bool]
    brings: NotRequired[list[str]]
    otherwise: NotRequired[str]


# Its keys have hyphens.
SystemEntry = TypedDict(
    "SystemEntry",
    {
        "id": str,
        "name": str,
        "marks": list[str],
        "needs": NotRequired[list[str]],
        "as": NotRequired[str],
        "lacks": NotRequired[list[str]],
        "image_based": NotRequired[bool],
        "docs": NotRequired[str],
        "driver": NotRequired[list[str | StepEntry]],
        "legacy-driver": NotRequired[list[str | StepEntry]],
        "amd-driver": NotRequired[list[str | StepEntry]],
        "engine": NotRequired[list[str | StepEntry]],
        "toolkit": NotRequired[list[str | StepEntry]],
        "restart-docker": NotRequired[list[str | StepEntry]],
        "source": list[str],
    },
)


class SystemsTable(TypedDict):
    """``systems.toml``."""

    system: list[SystemEntry]
