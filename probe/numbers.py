"""Small values out of untrusted text: None where there is none, never an exception."""

import re

from probe.facts import ComputeCapability

MIB = 1024 * 1024
# No number that these tools print is longer; int() of ten thousand digits raises.
LONGEST_NUMBER = 20
# Colours and other orders to a terminal, control characters, byte order marks, halves of pairs.
NO_TEXT = (
    r"\x1b\[[0-9;?]*[ -/]*[@-~]|"
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]"
)


def plain(text: str) -> str:
    """The text alone: nothing in it commands a terminal, and any of it can be encoded.

    A carriage return ends a line here: left in one, it would write over the line's beginning.
    """
    return re.sub(NO_TEXT, "", text.replace("\r\n", "\n").replace("\r", "\n")) if text else text


def printable(text: str) -> str:
    """The text as it is shown to a person: a tool's tab would tear a line apart."""
    return plain(text).expandtabs(1)


def parse_int(text: str | None) -> int | None:
    """A decimal or 0x-prefixed number, or None."""
    if text is None:
        return None
    digits = text.strip().strip("\0").lower()
    if len(digits) > LONGEST_NUMBER or not digits.isascii():
        return None
    try:
        return int(digits, 16) if digits.startswith("0x") else int(digits)
    except ValueError:
        return None


def parse_mib(text: str | None) -> int | None:
    """A count of bytes as text, in MiB; None for zero, which means unknown."""
    size = parse_int(text)
    return None if size is None or size <= 0 else size // MIB


def free_mib(total: str | None, used: str | None) -> int | None:
    """What is left of a size, both as counts of bytes, in MiB; None where one is unknown."""
    size, taken = parse_int(total), parse_int(used)
    if size is None or taken is None or not 0 <= taken <= size:
        return None
    return (size - taken) // MIB


def parse_version(text: str | None) -> tuple[int, ...] | None:
    """``580.95.05`` as (580, 95, 5); None unless it is numbers and dots."""
    if not text or len(text) > 3 * LONGEST_NUMBER:
        return None
    numbers = [parse_int(part) for part in text.strip().split(".")]
    known = tuple(number for number in numbers if number is not None and number >= 0)
    return known if known and len(known) == len(numbers) else None


def parse_capability(text: str | None) -> ComputeCapability | None:
    """``8.9`` as (8, 9), or None."""
    version = parse_version(text)
    if version is None or len(version) != 2 or not 0 < version[0] < 100:
        return None
    return version[0], version[1]


def normal_bus(text: str | None) -> str | None:
    """A PCI address as sysfs writes it: ``00000000:01:00.0`` is ``0000:01:00.0``; or None."""
    if not text or len(text) > LONGEST_NUMBER:
        return None
    domain, _, rest = text.strip().lower().partition(":")
    bus, _, slot = rest.partition(":")
    device, _, function = slot.partition(".")
    parts = (domain, bus, device, function)
    if not all(part and all(c in "0123456789abcdef" for c in part) for part in parts):
        return None
    return f"{int(domain, 16):04x}:{int(bus, 16):02x}:{int(device, 16):02x}.{int(function, 16):x}"


def normal_gfx(text: str | None) -> str | None:
    """A gfx target such as ``gfx90a``, without features (``gfx942:sramecc+``); or None."""
    if not text:
        return None
    target = text.strip().strip("\0").lower().partition(":")[0]
    if not target.startswith("gfx") or not 6 <= len(target) <= 8:
        return None
    if re.fullmatch(r"gfx9\d\d\d", target):
        # rocm-smi of ROCm 6.0 to 6.2 writes the step as a decimal number: gfx9010 is gfx90a.
        return f"{target[:5]}{int(target[5:]):x}"
    return target if all(c in "0123456789abcdef" for c in target[3:]) else None
