"""The answer of ``libcuda_child.py``: what NVIDIA's driver lets this process reach.

Our own format: the JSON object that the child prints on a line of its own.
"""

import json

from probe.facts import CudaView, Sighting
from probe.foreign_json import as_int, as_list, as_object, as_text
from probe.numbers import MIB, normal_bus, parse_capability


def parse_libcuda(text: str) -> CudaView | None:
    """What libcuda said; None where there is no answer to read."""
    for line in reversed(text.splitlines()):
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(answer, dict):
            return _view(as_object(answer))
    return None


def _view(answer: dict[str, object]) -> CudaView | None:
    missing, status = as_text(answer.get("missing")), as_int(answer.get("status"))
    if missing is not None:
        return CudaView(missing=missing)
    if status is None:
        return None
    found = [_sighting(as_object(entry)) for entry in as_list(answer.get("devices"))]
    return CudaView(status=status, devices=tuple(s for s in found if s is not None))


def _sighting(entry: dict[str, object]) -> Sighting | None:
    uuid = as_text(entry.get("uuid"))
    if uuid is None:
        return None
    return Sighting(
        vendor="nvidia",
        uuid=f"GPU-{uuid}",
        name=as_text(entry.get("name")) or None,
        bus=normal_bus(as_text(entry.get("bus"))),
        compute_capability=parse_capability(as_text(entry.get("capability"))),
        vram_mib=_mib(entry.get("total")),
        vram_free_mib=_mib(entry.get("free")),
        kernel_driver="nvidia",
    )


def _mib(size: object) -> int | None:
    count = as_int(size)
    return count // MIB if count is not None and 0 < count < 1 << 60 else None
