"""The name of a card that no tool names: what the PCI ID repository calls its device id.

The list is ``device_names.txt``, made by ``make pci-ids``. It is read only where such a card is
seen, and only as far as the card's line.
"""

from pathlib import Path

from probe.facts import Vendor

LIST = Path(__file__).with_name("device_names.txt")
PCI_VENDORS: dict[Vendor, str] = {"nvidia": "10de", "amd": "1002"}


def name_of_device(vendor: Vendor, device: int | None) -> str | None:
    """``AMD Radeon RX 9070/9070 XT/9070 GRE``, or None for a device that the list lacks."""
    if device is None or vendor not in PCI_VENDORS:
        return None
    start = f"{PCI_VENDORS[vendor]} {device:04x} "
    try:
        with LIST.open(encoding="utf-8") as lines:
            return next(
                (line[len(start) :].strip() for line in lines if line.startswith(start)), None
            )
    except OSError:  # an installation without the list: a name is no reason to fail
        return None
