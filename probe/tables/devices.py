"""What a PCI device id tells when no tool does: gfx target, compute capability, integrated or not.

The tables are ``amd_devices.toml`` and ``nvidia_devices.toml``, by way of ``generated.py``.
"""

from functools import lru_cache

from probe.facts import ComputeCapability, ModuleFlavour
from probe.numbers import parse_capability
from probe.tables.generated import AMD_DEVICES, NVIDIA_DEVICES


def gfx_of_device(device: int | None) -> str | None:
    """The gfx target of an AMD PCI device id, or None for one that the table lacks."""
    return None if device is None else _gfx_by_device().get(device)


def gfx_of_graphics_core(version: str) -> str | None:
    """The gfx target of a graphics core version (``11.5.0``) from the kernel's IP discovery."""
    return AMD_DEVICES["graphics_core"].get(version)


def is_integrated(gfx: str | None) -> bool:
    """Whether a gfx target is part of a processor and shares the system's memory."""
    return gfx is not None and gfx in AMD_DEVICES["integrated"]["targets"]


def capability_of_device(device: int | None) -> ComputeCapability | None:
    """The compute capability of an NVIDIA PCI device id, or None for one that the table lacks."""
    if device is None:
        return None
    return next(
        (capability for first, last, capability in _nvidia_blocks() if first <= device <= last),
        None,
    )


def last_driver(capability: ComputeCapability | None) -> str | None:
    """The newest driver branch that drives cards of a capability; None where all newer ones do."""
    for text, driver in NVIDIA_DEVICES["last_driver"]:
        below = parse_capability(text)
        if capability is not None and below is not None and capability < below:
            return driver
    return None


def first_driver(capability: ComputeCapability | None) -> str | None:
    """The oldest driver branch that drives cards of a capability; None where the table has none."""
    first = None
    for text, driver in NVIDIA_DEVICES["first_driver"]:
        since = parse_capability(text)
        if capability is not None and since is not None and since <= capability:
            first = driver
    return first


def needed_module(capability: ComputeCapability | None) -> ModuleFlavour | None:
    """The one flavour of NVIDIA's kernel module that drives a capability; None where both do."""
    module = NVIDIA_DEVICES["module"]
    since, only_since = (parse_capability(module[name]) for name in ("open_from", "open_only_from"))
    if capability is None or since is None or only_since is None:
        return None
    if capability >= only_since:
        return "open"
    return "proprietary" if capability < since else None


@lru_cache(maxsize=1)
def _gfx_by_device() -> dict[int, str]:
    targets = AMD_DEVICES["gfx"].items()
    return {int(device, 16): gfx for gfx, devices in targets for device in devices}


@lru_cache(maxsize=1)
def _nvidia_blocks() -> tuple[tuple[int, int, ComputeCapability | None], ...]:
    return tuple(
        (int(first, 16), int(last, 16), parse_capability(capability))
        for first, last, capability in NVIDIA_DEVICES["blocks"]
    )
