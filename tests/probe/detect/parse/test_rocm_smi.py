"""rocm-smi's JSON."""

import json

import pytest

from probe.detect.parse.rocm_smi import parse_rocm_smi


def test_cards_in_no_order_with_a_warning_before():
    text = "WARNING: AMD GPU device(s) is/are in a low-power state.\n\n" + json.dumps(
        {
            "card10": {"GPU ID": "0x738c", "PCI Bus": "0000:03:00.0"},
            "system": {"Driver version": "6.2.4"},
            "card2": {"GFX Version": "gfx90a", "Device ID": "0x740f", "Unique ID": "0x7ef5"},
        }
    )
    first, second = parse_rocm_smi(text)
    assert (first.index, first.gfx, first.uuid) == (2, "gfx90a", "GPU-0000000000007ef5")
    assert (second.index, second.gfx, second.device) == (10, None, 0x738C)
    assert (second.bus, second.driver) == ("0000:03:00.0", "6.2.4")


def test_names_and_memory():
    (card,) = parse_rocm_smi(
        '{"card0": {"Card Series": "0x1002", "Card Model": "Radeon", "Unique ID": "N/A",'
        ' "VRAM Total Memory (B)": "536870912", "GTT Total Memory (B)": "64424509440"}}'
    )
    assert (card.name, card.uuid, card.vram_mib, card.gtt_mib) == ("Radeon", None, 512, 61440)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"card0": []}', '{"cardx": {}}', '{"card0": {"PCI Bus"', "{" * 100_000],
)
def test_no_cards(text):
    assert parse_rocm_smi(text) == ()


def test_values_of_the_wrong_type():
    (card,) = parse_rocm_smi('{"card0": {"Device ID": 5, "GFX Version": ["gfx90a"]}}')
    assert (card.device, card.gfx) == (None, None)


def test_a_step_in_decimal():
    """rocm-smi of ROCm 6.0 to 6.2 on an MI210."""
    (gpu,) = parse_rocm_smi('{"card0": {"GFX Version": "gfx9010"}}')
    assert gpu.gfx == "gfx90a"


def test_a_device_id_in_the_models_place():
    (gpu,) = parse_rocm_smi('{"card0": {"Card Series": "X", "Card Model": "0x744c"}}')
    assert (gpu.device, gpu.name) == (0x744C, "X")
    (older,) = parse_rocm_smi('{"card0": {"Card series": "X", "Card model": "0x0c34"}}')
    assert older.device is None


@pytest.mark.parametrize("number", ["0x0", "N/A", "0x0000000000000000", ""])
def test_a_card_without_a_number_of_its_own(number):
    (gpu,) = parse_rocm_smi(json.dumps({"card0": {"Unique ID": number, "Device ID": "0x744c"}}))
    assert gpu.uuid is None


@pytest.mark.parametrize(
    "warning",
    ["[WARN] {card} is asleep\n", '{"system": {"Driver version": "6"}}\n', "[WARN] {}\n[WARN]\n"],
)
def test_what_is_printed_before_the_cards(warning: str) -> None:
    (card,) = parse_rocm_smi(warning + '{"card1": {"GFX Version": "gfx1100"}}')
    assert (card.index, card.gfx) == (1, "gfx1100")
