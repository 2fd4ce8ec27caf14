"""What an operator asks for instead of the automatic choice."""

from collections.abc import Mapping
from typing import Literal

from probe.errors import OverrideError
from probe.frozen_record import Record

Wanted = Literal["auto", "cpu", "cuda", "rocm", "mps", "gpu"]

BACKEND_VARIABLE = "ALTERNATOR_WHISPER_BACKEND"
DEVICE_VARIABLE = "ALTERNATOR_WHISPER_DEVICE"
VALUES: tuple[Wanted, ...] = ("auto", "cpu", "cuda", "rocm", "mps")


class Overrides(Record):
    """``backend`` "gpu" is what the device name "cuda" asks for: PyTorch calls AMD GPUs so too."""

    backend: Wanted = "auto"
    torch: str | None = None  # a line, 2.11
    source: str = ""  # what asked for the backend, for messages: "--backend cuda"

    @property
    def line(self) -> str | None:
        """The line of torch asked for: 2.11 for ``2.11.0``."""
        from probe.tables.builds import (
            line_of,  # the table is not needed before the tools are asked
        )

        return None if self.torch is None else line_of(self.torch)


def read_overrides(
    environ: Mapping[str, str],
    *,
    backend: str | None = None,
    torch: str | None = None,
    settings: Mapping[str, str] | None = None,
) -> Overrides:
    """The overrides of the flags, else of the environment, else of the configuration.

    ``settings`` are the configuration's (``operator_config.whisper_settings``). Raises
    ``OverrideError`` for an unknown value and for two sources that contradict each other.
    """
    if backend is not None:
        return Overrides(
            backend=_known(backend, "--backend"), torch=torch, source=f"--backend {backend}"
        )
    by_backend, backend_source = _from(environ, BACKEND_VARIABLE, settings or {}, "backend")
    by_device, device_source = _from(environ, DEVICE_VARIABLE, settings or {}, "device")
    if by_backend == "auto":
        wanted: Wanted = "gpu" if by_device == "cuda" else by_device
        source = device_source
    else:
        wanted, source = by_backend, backend_source
        # device=cuda goes with backend=rocm: it is PyTorch's name for both vendors' GPUs.
        agree = {by_backend, "auto", "cuda" if by_backend == "rocm" else by_backend}
        if by_device not in agree:
            raise OverrideError(
                f"{backend_source} and {device_source} contradict each other; unset one of them"
            )
    return Overrides(backend=wanted, torch=torch, source="" if wanted == "auto" else source)


def _from(
    environ: Mapping[str, str], variable: str, settings: Mapping[str, str], key: str
) -> tuple[Wanted, str]:
    """One override and what asked for it, for messages; the environment goes before the file."""
    value = environ.get(variable, "").strip().lower()
    if value:
        return _known(value, variable), f"{variable}={value}"
    place = f"[whisper] {key} in alternator.toml"
    value = settings.get(key, "").strip().lower() or "auto"
    return _known(value, place), f"{place} ({value})"


def _known(value: str, name: str) -> Wanted:
    for known in VALUES:
        if value == known:
            return known
    raise OverrideError(f"{name}: {value!r} is none of {', '.join(VALUES)}")
