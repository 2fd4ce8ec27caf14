"""Chooses the moments of a video that tell what happens in it: one for each of its shots.

A shot ends where the picture changes as a whole. Of many shots the longest are taken; where nothing
changes, the moments lie at even distances. What is between is not looked at.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from alternator.media.child import Bounds, run_bounded
from alternator.media.confined.reach import opening
from alternator.media.ffmpeg import GUARDS, find_ffmpeg
from alternator.progress import SILENT, Progress

MIB = 1024 * 1024
# The whole video is decoded once, small. Where that takes too long, nothing is known of its shots.
BOUNDS = Bounds(seconds=30.0, memory=2048 * MIB, output=MIB, file=MIB)
# How much of a picture has to change, from 0 to 1; "a value between 0.3 and 0.5 is a sane choice":
# https://ffmpeg.org/ffmpeg-filters.html#select_002c-aselect
CHANGE = 0.3
# Of a longer video only the frames are decoded that need no other: encoders put one at most cuts.
# https://ffmpeg.org/ffmpeg-codecs.html#Codec-Options (skip_frame)
LONG_SECONDS = 120.0
SHORTEST_SHOT_SECONDS = 0.2

# What the filter showinfo logs of a frame:
# https://github.com/FFmpeg/FFmpeg/blob/master/libavfilter/vf_showinfo.c
SHOWN = re.compile(rb"Parsed_showinfo_\d+ @ [^\]]+\].* n: *\d+ pts:.* pts_time:(\d+(?:\.\d+)?)")


def moments_of_video(
    path: Path, picture: str, seconds: float, count: int, *, progress: Progress = SILENT
) -> list[float]:
    """``count`` moments of a video of this length, in seconds, in order.

    ``picture`` is its track as ffmpeg's -map takes it.
    """
    return moments(seconds, cuts_of(path, picture, seconds, progress=progress), count)


def moments(seconds: float, cuts: Sequence[float], count: int) -> list[float]:
    """The middles of ``count`` stretches: of the longest shots, or of parts of shots."""
    shots: list[tuple[float, float]] = []
    start = 0.0
    for cut in [*sorted(cut for cut in cuts if 0 < cut < seconds), seconds]:
        if cut - start >= SHORTEST_SHOT_SECONDS:
            shots.append((start, cut))
            start = cut
    if not shots:
        shots = [(0.0, seconds)]

    def length(shot: tuple[float, float]) -> float:
        return shot[1] - shot[0]

    shots = sorted(sorted(shots, key=length, reverse=True)[:count])
    while len(shots) < count:
        place = max(range(len(shots)), key=lambda number: length(shots[number]))
        start, end = shots[place]
        middle = (start + end) / 2
        shots[place : place + 1] = [(start, middle), (middle, end)]
    return [(start + end) / 2 for start, end in shots]


def cuts_of(
    path: Path, picture: str, seconds: float, *, progress: Progress = SILENT
) -> tuple[float, ...]:
    """When the picture changes as a whole, in seconds; none where that can't be found out."""
    # Each filter is one that images/scripts/debian/build-ffmpeg.sh builds. What is written is one
    # small picture a second, over and over into the same place: the log is what is read.
    # fmt: off
    command = [
        find_ffmpeg(), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "info",
        "-threads", "2", *(("-skip_frame", "nokey") if seconds > LONG_SECONDS else ()),
        *GUARDS, "-i", f"file:{path}", "-map", picture,
        "-vf", f"scale=w=96:h=64,select='gt(scene,{CHANGE:g})',showinfo=checksum=0",
        "-r", "1", "-f", "image2", "-update", "1", "-c:v", "png", "-y", "file:/dev/null",
    ]
    # fmt: on
    ended = run_bounded(command, BOUNDS, reach=opening(path), errors=True, progress=progress)
    return tuple(float(found) for found in SHOWN.findall(ended.output))
