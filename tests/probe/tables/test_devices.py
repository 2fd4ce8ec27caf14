"""The tables of PCI device ids."""

import pytest

from probe.tables.devices import capability_of_device, gfx_of_device, is_integrated
from probe.tables.generated import AMD_DEVICES, NVIDIA_DEVICES


@pytest.mark.parametrize(
    ("device", "capability"),
    [
        (0x1B80, (6, 1)),  # GTX 1080
        (0x1DB6, (7, 0)),  # V100
        (0x1EB8, (7, 5)),  # T4
        (0x2204, (8, 6)),  # RTX 3090
        (0x20B5, (8, 0)),  # A100
        (0x2330, (9, 0)),  # H100
        (0x26B9, (8, 9)),  # L40S
        (0x2B85, (12, 0)),  # RTX 5090
        (0x0000, None),
        (None, None),
    ],
)
def test_compute_capabilities(device, capability):
    assert capability_of_device(device) == capability


@pytest.mark.parametrize(
    ("device", "gfx"),
    [(0x744C, "gfx1100"), (0x738C, "gfx908"), (0x73DF, "gfx1031"), (0x74A1, "gfx942"), (1, None)],
)
def test_gfx_targets(device, gfx):
    assert gfx_of_device(device) == gfx


def test_no_device_is_in_two_places():
    devices = [device for listed in AMD_DEVICES["gfx"].values() for device in listed]
    assert len(devices) == len(set(devices))
    edges = [int(edge, 16) for first, last, _ in NVIDIA_DEVICES["blocks"] for edge in (first, last)]
    assert edges == sorted(edges)


def test_integrated():
    assert is_integrated("gfx1151")
    assert not is_integrated("gfx1100")
    assert not is_integrated(None)
