"""Where CTranslate2 computes, and in which precision: the CPU, or NVIDIA's GPUs.

https://opennmt.net/CTranslate2/hardware_support.html and quantization.html beside it.
"""

import ctranslate2

from alternator.config.models import ComputeType
from alternator.errors import ConfigError
from alternator.speech.device import Device, parse_device

REMEDY = "set [whisper] device to auto or cpu, or take the engine 'alternator'"
# What is best on each, the first that it supports.
BEST: dict[str, tuple[ComputeType, ...]] = {
    "cpu": ("int8", "float32"),
    "cuda": ("float16", "float32"),
}


def choose_device(wanted: str, proven: str | None, gpus: int) -> Device:
    """``cpu``, or ``cuda`` with the number of a GPU. ConfigError says why an override can't work.

    ``proven`` as LoadOptions.proven_device; ``gpus``: as many as CTranslate2 sees.
    """
    device = parse_device(wanted)
    if device is None or device.kind in ("rocm", "mps"):
        raise ConfigError(f"faster-whisper can't compute on device {wanted!r}; {REMEDY}")
    if device.kind == "auto":
        found = parse_device(proven) if proven else None
        if not gpus or (found is not None and found.kind != "cuda"):
            return Device(kind="cpu")
        return Device(kind="cuda", index=(found.index if found else None) or 0)
    if device.kind == "cpu":
        return device
    index = device.index or 0
    if index >= gpus:
        raise ConfigError(
            f"device {wanted!r} can't work: CTranslate2 finds {gpus} GPUs it can use; {REMEDY}"
        )
    return Device(kind="cuda", index=index)


def choose_precision(wanted: ComputeType, device: Device) -> ComputeType:
    """CTranslate2's name of it, which is ours. ConfigError where the device has none of it."""
    supported = ctranslate2.get_supported_compute_types(device.kind, device.index or 0)
    if wanted == "auto":
        return next((one for one in BEST[device.kind] if one in supported), "float32")
    if wanted not in supported:
        raise ConfigError(
            f"faster-whisper has no {wanted} on device {str(device)!r}; set [whisper] compute_type "
            f"to auto or one of: {', '.join(sorted(supported))}"
        )
    return wanted
