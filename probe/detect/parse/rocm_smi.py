"""``rocm-smi … --json``: one object a card, keys in no order, names that changed over the years.

The keys: https://github.com/ROCm/rocm_smi_lib/blob/HEAD/python_smi_tools/rocm_smi.py
"""

from probe.facts import Sighting
from probe.foreign_json import as_object, as_text, values_in
from probe.numbers import free_mib, normal_bus, normal_gfx, parse_int, parse_mib

NAME_KEYS = ("Card Series", "Card series", "Device Name", "Card Model", "Card model")
# ROCm 6 renamed it. From 6.1 on the model says it as well; the "model" of before is another number.
DEVICE_KEYS = ("Device ID", "GPU ID", "Card Model")


def parse_rocm_smi(text: str) -> tuple[Sighting, ...]:
    """The cards, by number. ``GFX Version`` is there from ROCm 6 on; before, the device id is."""
    objects = (as_object(value) for value in values_in(text, "{"))
    data = next((entry for entry in objects if any(key.startswith("card") for key in entry)), {})
    driver = _text(as_object(data.get("system")), "Driver version")
    cards: dict[int, Sighting] = {}
    for key, card in data.items():
        number = parse_int(key.removeprefix("card")) if key.startswith("card") else None
        if number is None or not isinstance(card, dict):
            continue
        values = as_object(card)
        unique = parse_int(_text(values, "Unique ID"))
        cards[number] = Sighting(
            vendor="amd",
            bus=normal_bus(_text(values, "PCI Bus")),
            index=number,
            uuid=None if unique is None or unique <= 0 else f"GPU-{unique:016x}",
            name=_name(values),
            vram_mib=parse_mib(_text(values, "VRAM Total Memory (B)")),
            gtt_mib=parse_mib(_text(values, "GTT Total Memory (B)")),
            vram_free_mib=free_mib(
                _text(values, "VRAM Total Memory (B)"), _text(values, "VRAM Total Used Memory (B)")
            ),
            gtt_free_mib=free_mib(
                _text(values, "GTT Total Memory (B)"), _text(values, "GTT Total Used Memory (B)")
            ),
            driver=driver,
            gfx=normal_gfx(_text(values, "GFX Version")),
            device=next(
                (found for k in DEVICE_KEYS if (found := parse_int(_text(values, k))) is not None),
                None,
            ),
        )
    return tuple(cards[number] for number in sorted(cards))


def _text(values: dict[str, object], key: str) -> str | None:
    value = as_text(values.get(key))
    return value if value is not None and value.strip().lower() not in ("", "n/a") else None


def _name(values: dict[str, object]) -> str | None:
    # Without the PCI ID file rocm-smi puts a number where the name belongs.
    names = (_text(values, key) for key in NAME_KEYS)
    return next((name for name in names if name and not name.startswith("0x")), None)
