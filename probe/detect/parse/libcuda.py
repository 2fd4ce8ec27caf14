"""The answer of ``libcuda_child.py``: what NVIDIA's driver lets this process reach."""

import json
from typing import Any

from probe.facts import CudaView, Sighting
from probe.numbers import MIB, normal_bus, parse_capability


def parse_libcuda(text: str) -> CudaView | None:
    """What libcuda said; None where there is no answer to read."""
    for line in reversed(text.splitlines()):
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(answer, dict):
            return _view(answer)
    return None


def _view(answer: dict[str, Any]) -> CudaView | None:
    missing, status = answer.get("missing"), answer.get("status")
    if isinstance(missing, str):
        return CudaView(missing=missing)
    if not isinstance(status, int):
        return None
    devices = answer.get("devices")
    found = [_sighting(entry) for entry in devices] if isinstance(devices, list) else []
    return CudaView(status=status, devices=tuple(s for s in found if s is not None))


def _sighting(entry: Any) -> Sighting | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("uuid"), str):
        return None
    name, bus, capability = (entry.get(key) for key in ("name", "bus", "capability"))
    return Sighting(
        vendor="nvidia",
        uuid=f"GPU-{entry['uuid']}",
        name=name if isinstance(name, str) and name else None,
        bus=normal_bus(bus) if isinstance(bus, str) else None,
        compute_capability=parse_capability(capability) if isinstance(capability, str) else None,
        vram_mib=_mib(entry.get("total")),
        vram_free_mib=_mib(entry.get("free")),
        kernel_driver="nvidia",
    )


def _mib(size: Any) -> int | None:
    return size // MIB if isinstance(size, int) and 0 < size < 1 << 60 else None
