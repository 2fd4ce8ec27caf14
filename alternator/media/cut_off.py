"""Whether the end of a media file is missing, by what the file itself says of its size.

ffmpeg says so for some formats and takes others as if they were whole.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Whoever writes into a pipe can't know how long it will get, and says the most there can be, or
# nearly: sox, espeak-ng and ffmpeg each in its own way.
UNKNOWN_32 = 0x7FFF_0000
MOST_BOXES = 100_000  # of an MP4: one of a day has a hundredth
MOST_CHUNKS = 1_000
LONGEST_PAGE = 65_307  # bytes, of Ogg: https://datatracker.ietf.org/doc/html/rfc3533#section-6
# Top-level boxes that an MP4 or a QuickTime file starts with.
BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """``missing``: the end is not there. ``share``: what is there of the whole; None: unknown."""

    missing: bool
    share: float | None = None


def ending_of(path: Path) -> Ending:
    """How the file ends. Not missing where its format does not tell."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(16)
        reader = next((reader for magic, reader in READERS if _is(head, magic)), None)
        try:
            whole = None if reader is None else reader(file, size)
        except (struct.error, OverflowError, OSError, ValueError):  # it ends within its own head
            return Ending(missing=True)
    if whole is None or whole <= size:
        return Ending(missing=False)
    return Ending(missing=True, share=size / whole if whole < LAST_UNKNOWN else None)


# What a reader gives for a file whose end is missing by an amount that nobody knows.
LAST_UNKNOWN = 1 << 62


def _is(head: bytes, magic: bytes) -> bool:
    """Whether a head is as the magic says; "?" in it is any byte."""
    return len(head) >= len(magic) and all(
        wanted in (found, ord("?")) for found, wanted in zip(head, magic, strict=False)
    )


def _at(file: BinaryIO, place: int, form: str) -> tuple[int, ...]:
    """Integers out of a file. struct.error past its end."""
    file.seek(place)
    return struct.unpack(form, file.read(struct.calcsize(form)))


def _riff(file: BinaryIO, size: int) -> int | None:
    # https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html
    (content,) = _at(file, 4, "<I")
    return content + 8 if 0 < content < UNKNOWN_32 else None


def _rf64(file: BinaryIO, size: int) -> int | None:
    # https://tech.ebu.ch/docs/tech/tech3306.pdf
    (content,) = _at(file, 20, "<Q")
    return content + 8 if 0 < content < LAST_UNKNOWN else None


def _aiff(file: BinaryIO, size: int) -> int | None:
    # https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/AIFF/AIFF.html
    (content,) = _at(file, 4, ">I")
    return content + 8 if 0 < content < UNKNOWN_32 else None


def _w64(file: BinaryIO, size: int) -> int | None:
    # https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/wavdec.c (w64)
    (whole,) = _at(file, 16, "<Q")
    return whole if 0 < whole < LAST_UNKNOWN else None


def _au(file: BinaryIO, size: int) -> int | None:
    # https://pubs.opengroup.org/external/auformat.html
    start, content = _at(file, 4, ">II")
    return start + content if content < UNKNOWN_32 else None


def _caf(file: BinaryIO, size: int) -> int | None:
    # https://developer.apple.com/library/archive/documentation/MusicAudio/Reference/CAFSpec/
    place = 8
    for _ in range(MOST_CHUNKS):
        if place >= size:
            return place
        _, content = struct.unpack(">4sq", _read(file, place, 12))
        if content < 0:  # the sound goes on to the end, wherever that is
            return None
        place += 12 + content
    return None


def _mp4(file: BinaryIO, size: int) -> int | None:
    # https://developer.apple.com/documentation/quicktime-file-format/atoms
    place = 0
    for _ in range(MOST_BOXES):
        if place >= size:
            return place
        if size - place < 8:  # a few bytes that are no box
            return None
        (length,) = _at(file, place, ">I")
        if length == 1:
            (length,) = _at(file, place + 8, ">Q")
        if length < 8:  # 0: to the end, wherever that is
            return None
        place += length
    return None


def _matroska(file: BinaryIO, size: int) -> int | None:
    # https://datatracker.ietf.org/doc/html/rfc8794#section-4
    place = 4
    for name in (b"", b"\x18\x53\x80\x67"):  # the head, then the segment, which is all the rest
        if name and _read(file, place, 4) != name:
            return None
        place += len(name)
        first = _read(file, place, 1)[0]
        width = 9 - first.bit_length()
        value = int.from_bytes(_read(file, place, width), "big") & ((1 << 7 * width) - 1)
        if value == (1 << 7 * width) - 1:  # a live recording does not know
            return None
        place += width + value
    return place


def _asf(file: BinaryIO, size: int) -> int | None:
    # File Properties Object: https://learn.microsoft.com/en-us/windows/win32/medfound/asf-file-structure
    name = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
    place = 30
    for _ in range(MOST_CHUNKS):
        found = _read(file, place, 16)
        (length,) = _at(file, place + 16, "<Q")
        if found == name:
            (whole,) = _at(file, place + 40, "<Q")
            (flags,) = _at(file, place + 88, "<I")
            return None if flags & 1 else whole  # 1: a broadcast
        if length < 24:
            return None
        place += length
    return None


def _flv(file: BinaryIO, size: int) -> int | None:
    # After each tag stands how long it was: Adobe Flash Video File Format 10.1, E.3.
    (length,) = _at(file, size - 4, ">I")
    if 11 <= length <= size - 4:
        (head,) = _at(file, size - 4 - length, ">I")
        if (head & 0xFFFFFF) + 11 == length:
            return size
    return LAST_UNKNOWN


def _ogg(file: BinaryIO, size: int) -> int | None:
    # The last page must be there whole: https://datatracker.ietf.org/doc/html/rfc3533#section-6
    start = max(size - LONGEST_PAGE - 27, 0)
    tail = _read(file, start, size - start)
    place = tail.rfind(b"OggS\x00")
    if place < 0:
        return LAST_UNKNOWN
    head = tail[place:]
    if len(head) < 27 or len(head) < 27 + head[26]:
        return LAST_UNKNOWN
    length = 27 + head[26] + sum(head[27 : 27 + head[26]])
    return LAST_UNKNOWN if length > len(head) else None


def _read(file: BinaryIO, place: int, count: int) -> bytes:
    """That many bytes. struct.error if the file ends before."""
    file.seek(place)
    found = file.read(count)
    if len(found) < count:
        raise struct.error("the file ends here")
    return found


Reader = Callable[[BinaryIO, int], int | None]
READERS: tuple[tuple[bytes, Reader], ...] = (
    (b"RIFF", _riff),
    (b"RF64", _rf64),
    (b"BW64", _rf64),
    (b"FORM????AIF", _aiff),
    (b"riff\x2e\x91\xcf\x11", _w64),
    (b".snd", _au),
    (b"caff", _caf),
    (b"\x1aE\xdf\xa3", _matroska),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _asf),
    (b"FLV\x01", _flv),
    (b"OggS", _ogg),
    *((b"????" + box, _mp4) for box in BOXES),
)
