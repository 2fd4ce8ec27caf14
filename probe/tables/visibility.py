"""What each variable that chooses GPUs means to whoever reads it, value by value, with its source.

``detect/visibility.py`` works from this table, ``docs/hardware.md`` shows it. A cell is what a
value does and where that is said; a value that stands in no row's cells hides nothing.
"""

import re
from collections.abc import Mapping
from typing import Literal

# size: one table, a line for each cell.
from probe.facts import HSA_OVERRIDE, Vendor
from probe.frozen_record import Record

CUDA, HIP, ROCR = "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"
CUDA_ORDER, ORDINAL = "CUDA_DEVICE_ORDER", "GPU_DEVICE_ORDINAL"
# Read by the vendors' container runtimes, on the host.
CONTAINER, AMD_CONTAINER, SWARM = (
    "NVIDIA_VISIBLE_DEVICES",
    "AMD_VISIBLE_DEVICES",
    "DOCKER_RESOURCE_",  # and the resource's kind: Swarm sets it in a task that was given one
)

Case = Literal[
    "unset",
    "empty",
    "-1",
    "all",
    "none",
    "void",
    "number",
    "uuid",
    "cut uuid",
    "mig uuid",
    "mig path",
    "twice",
    "out of range",
    "blanks",
    "nothing between commas",
    "quotes",
]
Effect = Literal[
    "hides nothing",
    "is unset",
    "hides all",
    "ends the list",
    "names it",
    "names it where unique",
    "names the first such",
    "is skipped",
    "empties the list",
    "is no GPU at all",
    "the host's number",
    "is not read",
    "gives all",
    "gives none",
]
Cell = tuple[Effect, str]  # what it does, and the key of its source

SOURCES: dict[str, str] = {
    "cuda": "https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html",
    "torch": "https://github.com/pytorch/pytorch/blob/main/torch/cuda/__init__.py",
    "torch-test": "https://github.com/pytorch/pytorch/blob/main/test/test_cuda_nvml_based_avail.py",
    "mig": "https://docs.nvidia.com/datacenter/tesla/mig-user-guide/getting-started-with-mig.html",
    "clr": "https://github.com/ROCm/clr/blob/amd-staging/rocclr/device/rocm/rocdevice.cpp",
    "clr-flags": "https://github.com/ROCm/clr/blob/amd-staging/rocclr/utils/flags.cpp",
    "rocr": "https://github.com/ROCm/ROCR-Runtime/blob/amd-staging/runtime/hsa-runtime/core/runtime/amd_filter_device.cpp",
    "rocr-flag": "https://github.com/ROCm/ROCR-Runtime/blob/amd-staging/runtime/hsa-runtime/core/util/flag.h",
    "hsakmt": "https://github.com/ROCm/ROCR-Runtime/blob/amd-staging/libhsakmt/src/topology.c",
    "toolkit": "https://github.com/NVIDIA/nvidia-container-toolkit/blob/main/internal/config/image/cuda_image.go",
    "toolkit-devices": "https://github.com/NVIDIA/nvidia-container-toolkit/blob/main/internal/config/image/devices.go",
    "toolkit-docs": "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
    "swarm": "https://github.com/NVIDIA/nvidia-container-toolkit/issues/1599",
    "amd-toolkit": "https://github.com/ROCm/container-toolkit/blob/main/internal/gpu-tracker/gpu-tracker.go",
    "amd-swarm": "https://github.com/ROCm/container-toolkit/blob/main/internal/oci/oci.go",
}


class Row(Record):
    """One variable as one reader takes it. A ``variable`` that ends in ``_`` is a prefix."""

    variable: str
    reader: str
    vendors: tuple[Vendor, ...]
    cells: Mapping[Case, Cell]

    def does(self, case: Case) -> Effect:
        """What a value does."""
        return self.cells[case][0] if case in self.cells else "hides nothing"


def _row(
    variable: str,
    reader: str,
    vendors: tuple[Vendor, ...],
    groups: Mapping[str, Mapping[Case, Effect]],
) -> Row:
    """A row of the table from its cells by source."""
    cells: dict[Case, Cell] = {
        case: (effect, source) for source, group in groups.items() for case, effect in group.items()
    }
    return Row(variable=variable, reader=reader, vendors=vendors, cells=cells)


ON_CUDA = _row(
    CUDA,
    "CUDA",
    ("nvidia",),
    {
        "cuda": {
            "unset": "hides nothing",
            "empty": "hides all",
            "-1": "ends the list",
            "number": "names it",
            "uuid": "names it",
            "cut uuid": "names it where unique",
            "out of range": "ends the list",
        },
        # No word but these is known to CUDA: what is no number ends the list, as the first one
        # hides all. "1gpu2" is 1.
        "torch-test": {
            "all": "ends the list",
            "none": "ends the list",
            "void": "ends the list",
            "twice": "empties the list",
            "blanks": "is skipped",
            "quotes": "ends the list",
        },
        "torch": {"nothing between commas": "ends the list"},
        # The path, MIG-GPU-<uuid>/<gpu instance>/<compute instance>, is that of drivers before 470.
        "mig": {"mig uuid": "names it", "mig path": "names it"},
    },
)
# HIP counts what ROCR left. Where its own variable is unset or empty, CUDA's is read in its place.
# An older ROCclr read a blank for an empty one, PyTorch's device_count() still counts no GPU by it:
# so nothing of ours is started with an empty one (``unreadable``).
ON_HIP = _row(
    HIP,
    "HIP",
    ("amd",),
    {
        "clr": {
            "unset": "hides nothing",
            "empty": "is unset",
            "-1": "ends the list",
            "all": "ends the list",
            "none": "ends the list",
            "void": "ends the list",
            "number": "names it",
            "uuid": "names it",
            "cut uuid": "names the first such",
            "mig uuid": "ends the list",
            "mig path": "ends the list",
            "twice": "is skipped",
            "out of range": "ends the list",
            "blanks": "ends the list",
            "nothing between commas": "ends the list",
        },
        "clr-flags": {"quotes": "is skipped"},
    },
)
ON_HIP_BY_CUDA = Row(
    variable=CUDA, reader="HIP, without its own", vendors=("amd",), cells=ON_HIP.cells
)
ON_ROCR = _row(
    ROCR,
    "HSA",
    ("amd",),
    {
        "rocr-flag": {"unset": "hides nothing", "empty": "hides all"},
        "rocr": {
            "-1": "ends the list",
            "all": "ends the list",
            "none": "ends the list",
            "void": "ends the list",
            "number": "names it",
            "uuid": "names it",
            "cut uuid": "names it where unique",
            "mig uuid": "ends the list",
            "mig path": "ends the list",
            "twice": "ends the list",
            "out of range": "ends the list",
            "blanks": "is skipped",
            # It looks at the first letter of a word that has none, and HSA does not start.
            "nothing between commas": "hides all",
            "quotes": "ends the list",
        },
    },
)
# For OpenCL alone, whatever AMD's documents say: HIP sets IS_HIP, and does not look at it.
ON_ORDINAL = _row(
    ORDINAL, "HIP", ("amd",), {"clr": {"unset": "is not read", "number": "is not read"}}
)
ON_OVERRIDE = _row(
    HSA_OVERRIDE,
    "HSA",
    ("amd",),
    {
        "hsakmt": {
            "unset": "hides nothing",
            "empty": "is no GPU at all",
            "-1": "is no GPU at all",
            "all": "is no GPU at all",
            "none": "is no GPU at all",
            "void": "is no GPU at all",
            "number": "is no GPU at all",
            "uuid": "is no GPU at all",
            "quotes": "is no GPU at all",
        }
    },
)
# What follows says on the host what a container is given. Inside, numbers are the host's and say
# nothing, and CDI writes void whatever it gives: only a UUID tells which card was meant.
GIVEN_NVIDIA = _row(
    CONTAINER,
    "NVIDIA's container runtime",
    ("nvidia",),
    {
        "toolkit-docs": {
            "unset": "gives none",
            "number": "the host's number",
            "uuid": "names it",
            "cut uuid": "names it where unique",
            "mig uuid": "names it",
            "mig path": "names it",
        },
        "toolkit-devices": {"all": "gives all", "none": "gives none", "void": "gives none"},
        "toolkit": {"empty": "gives none", "blanks": "is skipped", "twice": "is skipped"},
    },
)
GIVEN_AMD = _row(
    AMD_CONTAINER,
    "AMD's container runtime",
    ("amd",),
    {
        "amd-toolkit": {
            "unset": "gives none",
            "empty": "gives none",
            "all": "gives all",
            "none": "gives none",
            "void": "gives none",
            "number": "the host's number",
            "uuid": "names it",
            "cut uuid": "is skipped",
            "out of range": "is skipped",
            "blanks": "is skipped",
        }
    },
)
# NVIDIA's toolkit 1.18 ignored it, so that a task of Swarm saw every card.
GIVEN_SWARM = _row(
    SWARM,
    "Swarm",
    ("nvidia", "amd"),
    {
        "swarm": {"unset": "hides nothing", "uuid": "names it", "number": "the host's number"},
        "amd-swarm": {"cut uuid": "names it where unique"},
    },
)
TABLE = (
    *(ON_CUDA, ON_HIP, ON_HIP_BY_CUDA, ON_ROCR, ON_ORDINAL, ON_OVERRIDE),
    *(GIVEN_NVIDIA, GIVEN_AMD, GIVEN_SWARM),
)
# As sscanf("%u.%u.%u%c") reads it, within its bounds.
VERSION = r"\s*\+?(\d{1,2})\.\s*\+?(\d{1,3})\.\s*\+?(\d{1,3})"
LARGEST = (63, 255, 255)


def unreadable(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The variables with which ROCm, or PyTorch on it, does not find a GPU that is there.

    They are taken out of the environment of whatever computes: Compose writes ``X=`` for
    ``${X:-}``. ``HSA_OVERRIDE_GFX_VERSION_0`` is the same for one node, and read before it.
    """
    return tuple(
        name
        for name, value in environ.items()
        if (name == HIP and not value)
        or ((name == HSA_OVERRIDE or name.startswith(f"{HSA_OVERRIDE}_")) and not _version(value))
    )


def readable(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without those."""
    left_out = unreadable(environ)
    return {name: value for name, value in environ.items() if name not in left_out}


def _version(value: str) -> bool:
    found = re.fullmatch(VERSION, value)
    return found is not None and all(
        int(part) <= most for part, most in zip(found.groups(), LARGEST, strict=True)
    )
