"""Which device Whisper computes on, and with how many threads.

An override that can't work is an error that says why. Without one, what the container's
entrypoint proved decides, then what torch sees. Apple's GPUs (``mps``) were never tried: they
are taken where they were proven or asked for.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError

# How often OpenMP's threads look for work before they sleep. By default they spin so long that on
# cores shared with anything else most of the time is lost; without any spinning a step on two cores
# of one's own takes 1.4 times its time. 120 s of speech (tiny, int8, two cores) took, by the looks:
# none 2.7 s alone and 2.8 s beside a busy process, 2000 1.85 and 3.25, 7000 1.57 and 4.2, 20000
# 1.57 and 6.4.
# https://gcc.gnu.org/onlinedocs/libgomp/GOMP_005fSPINCOUNT.html
SPINNING = {"GOMP_SPINCOUNT": "7000"}

Kind = Literal["auto", "cpu", "cuda", "rocm", "mps"]


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device that somebody named: its kind, and for one GPU of several its number from 0."""

    kind: Kind
    index: int | None = None

    def __str__(self) -> str:
        """As it is written: ``cuda:1``."""
        return self.kind if self.index is None else f"{self.kind}:{self.index}"


@dataclass(frozen=True, kw_only=True)
class TorchBuild:
    """What matters of the installed torch: its toolkits (None: not built for it), its GPUs.

    ``mps``: whether it can compute on the GPU of this Mac.
    """

    version: str
    cuda: str | None
    hip: str | None
    gpus: int
    mps: bool = False


def wanted_device(settings: WhisperSettings, override: str | None) -> str:
    """What the operator asked for: the override, then ``device``, then ``backend``, or 'auto'."""
    for name in (override, settings.device, settings.backend):
        if name is not None and name != "auto":
            return name
    return "auto"


def parse_device(name: str) -> Device | None:
    """The device of that name, None if there is no such name."""
    match name.partition(":"):
        case ("auto" | "cpu" | "cuda" | "rocm" | "mps" as kind, "", ""):
            return Device(kind=kind)
        case ("cuda" | "rocm" as kind, ":", index) if index.isdecimal():
            return Device(kind=kind, index=int(index))
    return None


def choose_device(wanted: str, proven: str | None, build: TorchBuild) -> str:
    """PyTorch's name of the device: 'cpu', 'mps', or 'cuda' or 'cuda:N' for NVIDIA's and AMD's.

    ``proven`` is LoadOptions.proven_device. ConfigError says why an override
    can't work.
    """
    device = parse_device(wanted)
    if device is None:
        raise ConfigError(
            f"there is no device {wanted!r} for Whisper; "
            f"choose auto, cpu, cuda, rocm, mps, or one GPU of several as cuda:1"
        )
    match device.kind:
        case "auto":
            return str(_proven_device(proven, build))
        case "cpu":
            return "cpu"
        case "mps":
            _check_mps(build)
            return "mps"
        case "cuda" | "rocm":
            _check_gpu(device, build)
            # `cuda` is also PyTorch's name of an AMD GPU.
            return str(Device(kind="cuda", index=device.index))
        case _:
            assert_never(device.kind)


def without_mps(wanted: str, chosen: str) -> str:
    """The device for openai-whisper, whose model holds a sparse tensor, which MPS has none of.

    ``chosen`` by choose_device for what was ``wanted``.
    https://github.com/openai/whisper/blob/v20250625/whisper/model.py (alignment_heads)

    ConfigError where somebody asked for it.
    """
    if chosen != "mps":
        return chosen
    if wanted != "mps":
        return "cpu"
    raise ConfigError(
        "openai-whisper can't compute on a Mac's GPU; "
        "set [whisper] engine to alternator, or device to cpu"
    )


def _proven_device(proven: str | None, build: TorchBuild) -> Device:
    """Without an override: what the entrypoint proved, if torch sees it too."""
    found = parse_device(proven) if proven else None
    if build.mps and found == Device(kind="mps"):
        return found
    if not build.gpus or found == Device(kind="cpu"):
        return Device(kind="cpu")
    return found if found is not None and found.kind == "cuda" else Device(kind="cuda")


def _check_mps(build: TorchBuild) -> None:
    """ConfigError if the installed torch can't compute on a Mac's GPU."""
    if not build.mps:
        raise ConfigError(
            f"device 'mps' can't work: torch {build.version} finds no GPU of a Mac here; "
            f"set [whisper] device to auto or cpu"
        )


def _check_gpu(device: Device, build: TorchBuild) -> None:
    """ConfigError if the installed torch can't compute on it."""
    name = f"device {str(device)!r}"
    remedy = "set [whisper] device to auto or cpu, or use the image for this GPU"
    if build.cuda is None and build.hip is None:
        raise ConfigError(
            f"{name} can't work: torch {build.version} is built for CPU only; {remedy}"
        )
    # The other way round is no contradiction: `cuda` is also PyTorch's name of an AMD GPU.
    if device.kind == "rocm" and build.hip is None:
        raise ConfigError(
            f"{name} can't work: torch {build.version} is built for CUDA {build.cuda}; {remedy}"
        )
    if not build.gpus:
        raise ConfigError(
            f"{name} can't work: torch {build.version} finds no GPU it can use; "
            f"`alternator doctor` says why, or {remedy}"
        )
    if device.index is not None and device.index >= build.gpus:
        raise ConfigError(
            f"{name} can't work: there are {build.gpus} GPUs, counted from 0; "
            f"choose cuda:0 to cuda:{build.gpus - 1}"
        )


def cpu_quota(root: Path = Path("/")) -> float | None:
    """How many CPUs this process's cgroup may use, None without a quota.

    Reads cgroup v2's ``cpu.max`` and v1's ``cpu.cfs_quota_us``, in the process's own group and
    those above it. torch counts the machine's cores instead, and with more threads than the
    quota allows, each step waits for threads that are throttled.
    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
    https://docs.kernel.org/scheduler/sched-bwc.html#management
    """
    quotas = [
        quota
        for directory in _cgroup_directories(root)
        for quota in (_quota_v2(directory), _quota_v1(directory))
        if quota is not None
    ]
    return min(quotas, default=None)


def threads_for(quota: float | None, default: int) -> int:
    """The number of threads: torch's default, or fewer where the quota is smaller."""
    return default if quota is None else max(1, min(default, math.ceil(quota)))


def _cgroup_directories(root: Path) -> list[Path]:
    """The directories that may hold a quota. Inside a container the paths that the kernel
    names may not be there; then its own group is the root of the mount."""
    mount = root / "sys/fs/cgroup"
    directories = [mount, mount / "cpu", mount / "cpu,cpuacct"]
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return directories
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = mount / controllers / path.lstrip("/")
        while group not in (mount, mount.parent):
            directories.append(group)
            group = group.parent
    return directories


def _quota_v2(directory: Path) -> float | None:
    numbers = _numbers(directory / "cpu.max")
    return numbers[0] / numbers[1] if len(numbers) == 2 else None


def _quota_v1(directory: Path) -> float | None:
    quota = _numbers(directory / "cpu.cfs_quota_us")
    period = _numbers(directory / "cpu.cfs_period_us")
    return quota[0] / period[0] if quota and period and quota[0] > 0 else None


def _numbers(file: Path) -> list[int]:
    """The whole numbers in a file; none if it is missing or says ``max``."""
    try:
        words = file.read_text().split()
    except OSError:
        return []
    return [int(word) for word in words] if "max" not in words else []
