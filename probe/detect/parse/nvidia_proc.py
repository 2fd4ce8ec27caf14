"""``/proc/driver/nvidia``: the driver's version and the cards it holds.

It can be read inside containers that were given no GPU: it tells presence, never access. Written by
https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/kernel-open/nvidia/nv-procfs.c
"""

import re

from probe.facts import ModuleFlavour, Sighting
from probe.numbers import normal_bus, parse_int

# "NVRM version: NVIDIA UNIX x86_64 Kernel Module  375.74  …", and with "Open Kernel Module for
# x86_64" in newer drivers: the first thing that is a version.
VERSION = re.compile(r"\s(\d{2,4}\.\d{1,4}(?:\.\d{1,4})?)\s")
VERSION_LINE = "NVRM version:"
OPEN, ANY = "Open Kernel Module", "Kernel Module"


def parse_driver_version(text: str) -> str | None:
    """The version in ``/proc/driver/nvidia/version``, such as ``550.144.03``; or None."""
    for line in text.splitlines():
        if line.startswith(VERSION_LINE) and (match := VERSION.search(line + " ")):
            return match[1]
    return None


def parse_module(text: str) -> ModuleFlavour | None:
    """The flavour of the kernel module by the same file; None where it does not say."""
    for line in text.splitlines():
        if line.startswith(VERSION_LINE) and ANY in line:
            return "open" if OPEN in line else "proprietary"
    return None


def parse_information(text: str) -> Sighting | None:
    """One card from ``/proc/driver/nvidia/gpus/<bus>/information``; None without a bus."""
    values = {
        key.strip(): value.strip()
        for key, _, value in (line.partition(":") for line in text.splitlines())
    }
    bus = normal_bus(values.get("Bus Location"))
    if bus is None:
        return None
    uuid = values.get("GPU UUID", "")
    return Sighting(
        vendor="nvidia",
        bus=bus,
        name=values.get("Model") or None,
        # A card that nothing has opened yet has question marks for a UUID.
        uuid=uuid if uuid.startswith("GPU-") and "?" not in uuid else None,
        minor=parse_int(values.get("Device Minor")),
        kernel_driver="nvidia",
    )
