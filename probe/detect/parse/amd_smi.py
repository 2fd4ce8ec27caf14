"""``amd-smi static … --json``: a list of GPUs before ROCm 7, ``{"gpu_data": [...]}`` from 7 on."""

import json
from typing import Any

from probe.facts import Sighting
from probe.numbers import normal_bus, normal_gfx, parse_int

# Without a driver or an id amd-smi writes one of these where a value belongs.
NOTHING = ("", "n/a", "none", "unknown")
MIB_OF_UNIT = {"mb": 1, "mib": 1, "gb": 1024, "gib": 1024}


def parse_amd_smi(text: str) -> tuple[Sighting, ...]:
    """The GPUs, by number."""
    gpus: dict[int, Sighting] = {}
    for entry in _entries(text):
        number = entry.get("gpu")
        if isinstance(number, int) and number >= 0:
            gpus.setdefault(number, _sighting(number, entry))
    return tuple(gpus[number] for number in sorted(gpus))


def _entries(text: str) -> list[dict[str, Any]]:
    """The first JSON value in the text that holds GPUs: warnings may come before it."""
    for start in sorted(position for mark in "[{" if (position := text.find(mark)) >= 0):
        try:
            data, _ = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            data = data.get("gpu_data")
        if isinstance(data, list):
            return [entry for entry in data if isinstance(entry, dict)]
    return []


def _sighting(number: int, entry: dict[str, Any]) -> Sighting:
    asic, vram = _part(entry, "asic"), _part(entry, "vram")
    serial = parse_int(_text(asic, "asic_serial"))
    return Sighting(
        vendor="amd",
        bus=normal_bus(_text(_part(entry, "bus"), "bdf")),
        index=number,
        uuid=None if serial is None or serial <= 0 else f"GPU-{serial:016x}",
        name=_text(asic, "market_name"),
        vram_mib=_mib(vram.get("size")),
        driver=_text(_part(entry, "driver"), "version"),
        gfx=normal_gfx(_text(asic, "target_graphics_version")),
        device=parse_int(_text(asic, "device_id")),
    )


def _part(entry: dict[str, Any], key: str) -> dict[str, Any]:
    part = entry.get(key)
    return part if isinstance(part, dict) else {}


def _text(part: dict[str, Any], key: str) -> str | None:
    value = part.get(key)
    return value if isinstance(value, str) and value.strip().lower() not in NOTHING else None


def _mib(size: Any) -> int | None:
    """``{"value": 24560, "unit": "MB"}``, or the number alone in older versions."""
    unit = size.get("unit") if isinstance(size, dict) else "MB"
    value = size.get("value") if isinstance(size, dict) else size
    number = (
        value if isinstance(value, int) else parse_int(value if isinstance(value, str) else None)
    )
    factor = MIB_OF_UNIT.get(unit.lower()) if isinstance(unit, str) else None
    return number * factor if number and number > 0 and factor else None
