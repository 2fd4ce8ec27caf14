"""What a PCI device id tells when no tool does: gfx target, compute capability, integrated or not.

The tables are read when first asked for: a machine without a GPU never pays for them.
"""

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from probe.facts import ComputeCapability
from probe.parse.numbers import parse_capability

HERE = Path(__file__).parent


def gfx_of_device(device: int | None) -> str | None:
    """The gfx target of an AMD PCI device id, or None for one that the table lacks."""
    return None if device is None else _gfx_by_device().get(device)


def gfx_of_graphics_core(version: str) -> str | None:
    """The gfx target of a graphics core version (``11.5.0``) from the kernel's IP discovery."""
    target: str | None = _amd()["graphics_core"].get(version)
    return target


def is_integrated(gfx: str | None) -> bool:
    """Whether a gfx target is part of a processor and shares the system's memory."""
    return gfx is not None and gfx in _amd()["integrated"]["targets"]


def capability_of_device(device: int | None) -> ComputeCapability | None:
    """The compute capability of an NVIDIA PCI device id, or None for one that the table lacks."""
    if device is None:
        return None
    return next(
        (capability for first, last, capability in _nvidia_blocks() if first <= device <= last),
        None,
    )


@lru_cache(maxsize=1)
def _amd() -> dict[str, Any]:
    return tomllib.loads((HERE / "amd_devices.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _gfx_by_device() -> dict[int, str]:
    return {int(device, 16): gfx for gfx, devices in _amd()["gfx"].items() for device in devices}


@lru_cache(maxsize=1)
def _nvidia_blocks() -> tuple[tuple[int, int, ComputeCapability | None], ...]:
    table = tomllib.loads((HERE / "nvidia_devices.toml").read_text(encoding="utf-8"))
    return tuple(
        (int(first, 16), int(last, 16), parse_capability(capability))
        for first, last, capability in table["blocks"]
    )
