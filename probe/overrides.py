"""What an operator asks for instead of the automatic choice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from probe.builds import line_of
from probe.errors import OverrideError

Wanted = Literal["auto", "cpu", "cuda", "rocm", "mps", "gpu"]

BACKEND_VARIABLE = "ALTERNATOR_WHISPER_BACKEND"
DEVICE_VARIABLE = "ALTERNATOR_WHISPER_DEVICE"
VALUES: tuple[Wanted, ...] = ("auto", "cpu", "cuda", "rocm", "mps")


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """``backend`` "gpu" is what the device name "cuda" asks for: PyTorch calls AMD GPUs so too."""

    backend: Wanted = "auto"
    torch: str | None = None  # a line, 2.11
    source: str = ""  # what asked for the backend, for messages: "--backend cuda"

    @property
    def line(self) -> str | None:
        """The line of torch asked for: 2.11 for ``2.11.0``."""
        return None if self.torch is None else line_of(self.torch)


def read_overrides(
    environ: Mapping[str, str], *, backend: str | None = None, torch: str | None = None
) -> Overrides:
    """The overrides of the flags and, where a flag is absent, of the environment.

    Raises ``OverrideError`` for an unknown value and for two variables that contradict each other.
    """
    if backend is not None:
        return Overrides(
            backend=_known(backend, "--backend"), torch=torch, source=f"--backend {backend}"
        )
    by_backend = _from(environ, BACKEND_VARIABLE)
    by_device = _from(environ, DEVICE_VARIABLE)
    if by_backend == "auto":
        wanted: Wanted = "gpu" if by_device == "cuda" else by_device
        source = f"{DEVICE_VARIABLE}={by_device}"
    else:
        wanted, source = by_backend, f"{BACKEND_VARIABLE}={by_backend}"
        # device=cuda goes with backend=rocm: it is PyTorch's name for both vendors' GPUs.
        agree = {by_backend, "auto", "cuda" if by_backend == "rocm" else by_backend}
        if by_device not in agree:
            raise OverrideError(
                f"{BACKEND_VARIABLE}={by_backend} and {DEVICE_VARIABLE}={by_device} contradict "
                f"each other; unset one of them"
            )
    return Overrides(backend=wanted, torch=torch, source="" if wanted == "auto" else source)


def _from(environ: Mapping[str, str], name: str) -> Wanted:
    return _known(environ.get(name, "").strip().lower() or "auto", name)


def _known(value: str, name: str) -> Wanted:
    for known in VALUES:
        if value == known:
            return known
    raise OverrideError(f"{name}: {value!r} is none of {', '.join(VALUES)}")
