"""amd-smi in both of its shapes."""

import json

import pytest

from probe.detect.parse.amd_smi import parse_amd_smi

CARD = {
    "asic": {
        "market_name": "AMD Radeon RX 7900 XTX",
        "device_id": "0x744c",
        "asic_serial": "0x5555555555555555",
        "target_graphics_version": "gfx1100",
    },
    "vram": {"type": "GDDR6", "size": {"value": 24560, "unit": "MB"}},
    "driver": {"name": "amdgpu", "version": "6.14.14"},
    "bus": {"bdf": "0000:03:00.0"},
    "gpu": 0,
}


@pytest.mark.parametrize("answer", [[CARD], {"gpu_data": [CARD]}])
def test_both_shapes(answer):
    (gpu,) = parse_amd_smi("WARNING: something\n" + json.dumps(answer, indent=4))
    assert (gpu.gfx, gpu.bus, gpu.device, gpu.index) == ("gfx1100", "0000:03:00.0", 0x744C, 0)
    assert (gpu.name, gpu.vram_mib, gpu.driver) == ("AMD Radeon RX 7900 XTX", 24560, "6.14.14")
    assert gpu.uuid == "GPU-5555555555555555"


@pytest.mark.parametrize("answer", [[CARD], {"gpu_data": [CARD]}])
@pytest.mark.parametrize(
    "warning",
    ["[WARN] 2026-01-10 user is not in the render group\n", "[WARN]\n[WARN] {}\n", "[0] busy\n"],
)
def test_warnings_in_brackets_come_before_the_answer(answer: object, warning: str) -> None:
    (gpu,) = parse_amd_smi(warning + json.dumps(answer))
    assert gpu.gfx == "gfx1100"


@pytest.mark.parametrize("number", [1, "1", " 1 "], ids=["number", "text", "spaces"])
def test_a_gpus_number_may_be_a_text(number: object) -> None:
    (gpu,) = parse_amd_smi(json.dumps([{**CARD, "gpu": number}]))
    assert gpu.index == 1


def test_numbers_in_place_of_texts() -> None:
    asic = {"device_id": 0x744C, "asic_serial": 0x55, "target_graphics_version": "gfx1100"}
    (gpu,) = parse_amd_smi(json.dumps([{"gpu": 0, "asic": asic}]))
    assert (gpu.device, gpu.uuid) == (0x744C, "GPU-0000000000000055")


def test_an_older_size_is_a_number_or_a_text():
    for size in (24560, "24560"):
        (gpu,) = parse_amd_smi(json.dumps([{"gpu": 1, "vram": {"size": size}}]))
        assert (gpu.index, gpu.vram_mib) == (1, 24560)


def test_what_amd_smi_does_not_know():
    unknown = {"gpu": 0, "asic": {"market_name": "N/A", "target_graphics_version": "N/A"}}
    (gpu,) = parse_amd_smi(json.dumps([unknown, {"gpu": "all"}, 7]))
    assert (gpu.name, gpu.gfx, gpu.vram_mib) == (None, None, None)


@pytest.mark.parametrize("text", ["", "[", "{}", '{"gpu_data": {}}', "[[[", "AMDSMI_STATUS_INIT"])
def test_no_answer(text):
    assert parse_amd_smi(text) == ()
