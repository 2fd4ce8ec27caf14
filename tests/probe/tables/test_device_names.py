"""Names of cards by their PCI device ids."""

import pytest

from probe.facts import Vendor
from probe.tables import device_names
from probe.tables.device_names import LIST, name_of_device


@pytest.mark.parametrize(
    ("vendor", "device", "name"),
    [
        ("amd", 0x7550, "AMD Radeon RX 9070/9070 XT/9070 GRE"),
        ("amd", 0x164E, "AMD Raphael"),
        ("amd", 0x13C0, "AMD Radeon Graphics (Granite Ridge)"),
        ("nvidia", 0x2684, "NVIDIA GeForce RTX 4090"),
        ("nvidia", 0x7550, None),
        ("amd", None, None),
        ("apple", 0x7550, None),
    ],
)
def test_names(vendor: Vendor, device: int | None, name: str | None) -> None:
    assert name_of_device(vendor, device) == name


def test_a_list_that_is_not_there_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_names, "LIST", LIST.with_name("not-there.txt"))
    assert name_of_device("amd", 0x7550) is None


def test_each_line_is_a_vendor_a_device_and_a_name() -> None:
    lines = [line for line in LIST.read_text().splitlines() if not line.startswith("#")]
    keys = [tuple(line.split()[:2]) for line in lines]
    assert len(set(keys)) == len(keys)
    assert all(name_of_device("amd", int(device, 16)) for vendor, device in keys[-3:])
    assert {vendor for vendor, _ in keys} == {"10de", "1002"}
