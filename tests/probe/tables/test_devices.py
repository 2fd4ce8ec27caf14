"""The tables of PCI device ids."""

import pytest

from probe.numbers import parse_capability
from probe.tables.devices import (
    capability_of_device,
    first_driver,
    gfx_of_device,
    is_integrated,
    last_driver,
    needed_module,
)
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


@pytest.mark.parametrize(
    ("capability", "first"),
    [
        ((5, 2), None),
        ((6, 1), "367"),
        ((7, 0), "384"),
        ((7, 5), "410"),
        ((8, 0), "450"),
        ((8, 7), "455"),
        ((8, 9), "520"),
        ((9, 0), "520"),
        ((10, 0), "570"),
        ((10, 3), "575"),
        ((11, 0), "580"),
        ((12, 0), "570"),
        ((12, 1), "575"),
        (None, None),
    ],
)
def test_the_first_driver_of_an_architecture(capability, first):
    assert first_driver(capability) == first


def test_a_card_s_first_driver_comes_before_its_last():
    for text, first in NVIDIA_DEVICES["first_driver"]:
        last = last_driver(parse_capability(text))
        assert last is None or int(first) < int(last)


@pytest.mark.parametrize(
    ("capability", "module"),
    [
        ((5, 0), "proprietary"),
        ((7, 0), "proprietary"),
        ((7, 5), None),
        ((9, 0), None),
        ((10, 0), "open"),
        ((12, 1), "open"),
        (None, None),
    ],
)
def test_the_flavour_of_the_kernel_module_that_a_card_needs(capability, module):
    assert needed_module(capability) == module


def test_integrated():
    assert is_integrated("gfx1151")
    assert not is_integrated("gfx1100")
    assert not is_integrated(None)
