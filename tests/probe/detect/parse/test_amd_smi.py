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
