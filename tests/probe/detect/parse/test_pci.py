"""Device directories of sysfs."""

import pytest

from probe.detect.parse.pci import GRAPHICS_CORE, parse_pci_device


def test_an_amd_card_by_its_uevent_alone():
    card = parse_pci_device(
        {"uevent": "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:731F\nPCI_SLOT_NAME=0000:28:00.0\n"}
    )
    assert card is not None
    assert (card.vendor, card.device, card.bus) == ("amd", 0x731F, "0000:28:00.0")
    assert card.kernel_driver == "amdgpu"


def test_files_padded_with_nul():
    card = parse_pci_device(
        {"vendor": "0x1002\n\0\0\0", "device": "0x73bf\n\0\0", "uevent": "\0\0"}
    )
    assert card is not None
    assert (card.vendor, card.device) == ("amd", 0x73BF)


def test_the_graphics_core_of_ip_discovery():
    parts = {"major": "11\n", "minor": "5\n", "revision": "0\n"}
    files = {f"{GRAPHICS_CORE}/{name}": text for name, text in parts.items()}
    card = parse_pci_device({"vendor": "0x1002", **files})
    assert card is not None
    assert card.graphics_core == "11.5.0"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"vendor": "0x8086", "class": "0x030000"},
        {"vendor": "0x10de", "class": "0x040300"},  # the card's audio function
        {"vendor": "ATI Corporation, compatible", "uevent": "PCI_ID=:"},
    ],
)
def test_what_is_no_gpu(files):
    assert parse_pci_device(files) is None
