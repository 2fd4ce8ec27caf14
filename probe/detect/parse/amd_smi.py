"""``amd-smi static … --json``: a list of GPUs before ROCm 7, ``{"gpu_data": [...]}`` from 7 on.

https://rocm.docs.amd.com/projects/amdsmi/en/latest/how-to/amdsmi-cli-tool.html
"""

from collections.abc import Iterator

from probe.facts import Sighting
from probe.foreign_json import as_int, as_list, as_object, as_text, as_word, values_in
from probe.numbers import normal_bus, normal_gfx, parse_int

# Without a driver or an id amd-smi writes one of these where a value belongs.
NOTHING = ("", "n/a", "none", "unknown")
MIB_OF_UNIT = {"mb": 1, "mib": 1, "gb": 1024, "gib": 1024}


def parse_amd_smi(text: str) -> tuple[Sighting, ...]:
    """The GPUs, by number."""
    gpus: dict[int, Sighting] = {}
    for entry in _entries(text):
        number = parse_int(as_word(entry.get("gpu")))
        if number is not None and number >= 0:
            gpus.setdefault(number, _sighting(number, entry))
    return tuple(gpus[number] for number in sorted(gpus))


def _entries(text: str) -> Iterator[dict[str, object]]:
    """The objects of the first JSON value in the text that holds GPUs."""
    for value in values_in(text, "[{"):
        gpus = value if isinstance(value, list) else as_object(value).get("gpu_data")
        entries = [as_object(entry) for entry in as_list(gpus)]
        if any("gpu" in entry for entry in entries):
            yield from entries
            return


def _sighting(number: int, entry: dict[str, object]) -> Sighting:
    asic, vram = as_object(entry.get("asic")), as_object(entry.get("vram"))
    serial = parse_int(_text(asic, "asic_serial"))
    return Sighting(
        vendor="amd",
        bus=normal_bus(_text(as_object(entry.get("bus")), "bdf")),
        index=number,
        uuid=None if serial is None or serial <= 0 else f"GPU-{serial:016x}",
        name=_text(asic, "market_name"),
        vram_mib=_mib(vram.get("size")),
        driver=_text(as_object(entry.get("driver")), "version"),
        gfx=normal_gfx(_text(asic, "target_graphics_version")),
        device=parse_int(_text(asic, "device_id")),
    )


def _text(part: dict[str, object], key: str) -> str | None:
    value = as_word(part.get(key))
    return value if value is not None and value.strip().lower() not in NOTHING else None


def _mib(size: object) -> int | None:
    """``{"value": 24560, "unit": "MB"}``, or the number alone in older versions."""
    whole = as_object(size) if isinstance(size, dict) else {"value": size, "unit": "MB"}
    value, unit = whole.get("value"), as_text(whole.get("unit"))
    number = parse_int(value) if isinstance(value, str) else as_int(value)
    factor = None if unit is None else MIB_OF_UNIT.get(unit.lower())
    return number * factor if number and number > 0 and factor else None
