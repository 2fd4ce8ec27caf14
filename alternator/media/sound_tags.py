"""What a sound file says of itself: its title, and whose it is. It may be false.

ffmpeg says it in its log, a tag a line, indented by what it belongs to; the lines of a longer text
come without a name: https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/dump.c
"""

import re
from dataclasses import dataclass
from pathlib import Path

from alternator.media.child import Bounds, run_bounded
from alternator.media.confined.reach import opening
from alternator.media.ffmpeg import GUARDS, find_ffmpeg
from alternator.progress import SILENT, Progress

MIB = 1024 * 1024
# A book's chapters and lyrics are long; what says more than this is not read.
BOUNDS = Bounds(seconds=30.0, memory=2048 * MIB, output=MIB)
MOST_CHARACTERS = 150

OF_FILE = re.compile(r"    (\w+) *: (.*)")
OF_TRACK = re.compile(r"      (\w+) *: (.*)")
ARTISTS = ("artist", "album_artist", "performer", "author", "composer")


@dataclass(frozen=True, kw_only=True)
class Tags:
    """Each of one line and up to MOST_CHARACTERS long; empty where there is none."""

    title: str = ""
    artist: str = ""


def tags_of(path: Path, *, progress: Progress = SILENT) -> Tags:
    """The tags of a file, or of its first sound track; none where it can't be read."""
    command = [find_ffmpeg(), "-nostdin", "-hide_banner", *GUARDS, "-i", f"file:{path}"]
    ended = run_bounded(command, BOUNDS, reach=opening(path), errors=True, progress=progress)
    return tags_in(ended.output.decode("utf-8", errors="replace"))


def tags_in(log: str) -> Tags:
    """The tags in what ffmpeg says of a file."""
    found: dict[str, str] = {}
    pattern = None
    heading, sound = False, False
    for line in log.split("\n"):
        if line in ("  Metadata:", "    Metadata:"):
            of_file = line == "  Metadata:"
            pattern = OF_FILE if of_file and not heading else OF_TRACK if sound else None
            continue
        if not line.startswith("    "):
            pattern = None
            # Not those of chapters and pictures, which come under headings of their own.
            heading = heading or line.startswith(("  Duration:", "  Chapter"))
            sound = line.startswith("  Stream #") and ": Audio:" in line
        elif pattern is not None and (tag := pattern.fullmatch(line.rstrip("\r"))):
            found.setdefault(tag[1].lower(), one_line(tag[2]))
    artist = next((found[name] for name in ARTISTS if found.get(name)), "")
    return Tags(title=found.get("title", ""), artist=artist)


def one_line(text: str) -> str:
    """A tag's text in one line, within bounds."""
    text = " ".join(text.split())
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"
