"""Reads which colour space a file names by numbers (CICP) instead of by a profile.

The numbers are those of ITU-T H.273. PNG has them in a chunk, AVIF and HEIF in a box that belongs
to one of the file's images: a file with a gain map holds more than one.
https://www.w3.org/TR/png-3/#cICP-chunk
https://aomediacodec.github.io/av1-avif/#image-item-properties
"""

from collections.abc import Iterator
from dataclasses import dataclass

PNG = b"\x89PNG\r\n\x1a\n"
MOST_BOXES = 4096


@dataclass(frozen=True, kw_only=True)
class Cicp:
    """Colour primaries and transfer characteristics, as numbered by H.273."""

    primaries: int
    transfer: int


def cicp_of(data: bytes) -> Cicp | None:
    """What the file says; None where it says nothing, or is damaged."""
    if data.startswith(PNG):
        return _of_png(data)
    if data[4:8] != b"ftyp":
        return None
    try:
        return _of_heif(data)
    except IndexError:
        return None


def _of_png(data: bytes) -> Cicp | None:
    at = len(PNG)
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"cICP" and size == 4 and at + 12 <= len(data):
            return Cicp(primaries=data[at + 8], transfer=data[at + 9])
        if kind == b"IDAT":
            break
        at += size + 12
    return None


def _of_heif(data: bytes) -> Cicp | None:
    """The ``colr`` of kind ``nclx`` that belongs to the primary image (ISO/IEC 23008-12)."""
    meta = _child(data, b"meta")
    if meta is None:
        return None
    inside = meta[4:]  # after version and flags
    pitm, iprp = _child(inside, b"pitm"), _child(inside, b"iprp")
    if pitm is None or iprp is None:
        return None
    primary = int.from_bytes(pitm[4:6] if pitm[0] == 0 else pitm[4:8], "big")
    ipco, ipma = _child(iprp, b"ipco"), _child(iprp, b"ipma")
    if ipco is None or ipma is None:
        return None
    properties = list(_boxes(ipco))
    for number in _associated(ipma, primary):
        if 0 < number <= len(properties):
            kind, content = properties[number - 1]
            if kind == b"colr" and content[:4] == b"nclx" and len(content) >= 8:
                return Cicp(
                    primaries=int.from_bytes(content[4:6], "big"),
                    transfer=int.from_bytes(content[6:8], "big"),
                )
    return None


def _associated(ipma: bytes, item: int) -> list[int]:
    """The numbers of an item's properties, from 1."""
    wide_item, wide_index = ipma[0] >= 1, bool(ipma[3] & 1)
    count, at = int.from_bytes(ipma[4:8], "big"), 8
    for _ in range(min(count, MOST_BOXES)):
        found = int.from_bytes(ipma[at : at + (4 if wide_item else 2)], "big")
        at += 4 if wide_item else 2
        if at >= len(ipma):
            break
        step = 2 if wide_index else 1
        entries = [
            int.from_bytes(ipma[at + 1 + step * index : at + 1 + step * (index + 1)], "big")
            for index in range(ipma[at])
        ]
        at += 1 + step * len(entries)
        if found == item:
            return [entry & (0x7FFF if wide_index else 0x7F) for entry in entries]
    return []


def _child(data: bytes, kind: bytes) -> bytes | None:
    return next((content for found, content in _boxes(data) if found == kind), None)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(MOST_BOXES):
        if at + 8 > len(data):
            return
        size, kind, start = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, start = int.from_bytes(data[at + 8 : at + 16], "big"), at + 16
        end = len(data) if size == 0 else at + size
        if end <= start - 1 or (size and size < start - at):
            return
        yield kind, data[start:end]
        at = end
