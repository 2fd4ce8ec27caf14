"""How much memory the machine's GPUs have in use, for ``/metrics``.

NVIDIA's by nvidia-smi, AMD's by what the kernel's driver says in sysfs. What can't be asked is not
told.
"""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

QUERY = (
    "nvidia-smi",
    "--query-gpu=index,memory.used,memory.total",
    "--format=csv,noheader,nounits",
)
MIB = 1024 * 1024
# Without persistence mode, eight cards take more than five seconds.
ASK_SECONDS = 20.0
# How old an answer may be; nvidia-smi costs a process.
FRESH_SECONDS = 30.0
DRM = Path("/sys/class/drm")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Of one GPU, in bytes."""

    name: str
    used: float
    total: float


class GpuMemory:
    """Asked by any thread; answers are kept for a while."""

    def __init__(self, drm: Path = DRM, clock: Callable[[], float] = time.monotonic) -> None:
        self._drm = drm
        self._clock = clock
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._found: Sequence[Memory] = ()

    def read(self) -> Sequence[Memory]:
        """Of each GPU."""
        with self._lock:
            now = self._clock()
            if self._asked is None or now - self._asked > FRESH_SECONDS:
                self._found = (*of_nvidia(), *of_amd(self._drm))
                self._asked = now
            return self._found


def of_nvidia() -> list[Memory]:
    """What nvidia-smi says; nothing where it is not there, or does not answer."""
    try:
        answer = subprocess.run(
            QUERY, capture_output=True, text=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    found = []
    for line in answer.stdout.splitlines():
        fields = [field.strip() for field in line.split(",")]
        # Warnings stand before the rows, and memory may be "[N/A]".
        if len(fields) == 3 and all(field.isdigit() for field in fields):
            index, used, total = fields
            found.append(
                Memory(name=f"nvidia-{index}", used=int(used) * MIB, total=int(total) * MIB)
            )
    return found


def of_amd(drm: Path) -> list[Memory]:
    """What amdgpu says of each card.

    https://docs.kernel.org/gpu/amdgpu/driver-misc.html#mem-info-vram-used
    """
    found = []
    for card in sorted(drm.glob("card[0-9]*")):
        if "-" in card.name:
            continue  # a connector
        try:
            used = int((card / "device" / "mem_info_vram_used").read_text())
            total = int((card / "device" / "mem_info_vram_total").read_text())
        except (OSError, ValueError):
            continue
        found.append(Memory(name=f"amd-{card.name}", used=used, total=total))
    return found
