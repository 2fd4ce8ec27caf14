"""Takes frames out of a video, with a bounded ffmpeg child for each."""

import math
import re
from pathlib import Path

from alternator.errors import DamagedMediaError, TemporaryMediaError
from alternator.media.child import Bounds, run_bounded
from alternator.media.ffmpeg import GUARDS, find_ffmpeg
from alternator.progress import SILENT, Progress

MIB = 1024 * 1024
# More than are shown: blank ones and those that look the same are left out afterwards.
FRAMES = 8
# Of one frame. A 4K frame of HEVC takes ffmpeg some 300 MB of address space.
BOUNDS = Bounds(seconds=30.0, memory=2048 * MIB, output=64 * 1024, file=32 * MIB)
# A video whose length nobody knows: frames from its first second.
UNKNOWN_SECONDS = 1.0

# The first picture track that is no cover; then the cover, of what has nothing else to show.
# https://ffmpeg.org/ffmpeg.html#Stream-specifiers-1
PICTURES = ("0:V:0", "0:v:0")

# How ffmpeg says how long a file is, in its log and nowhere else:
# https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/dump.c
DURATION = re.compile(rb"  Duration: (\d+):(\d+):(\d+\.\d+),")


# size: what, from where, how large, whereto; and the two of every child.
def frames_of_video(
    path: Path,
    duration: float | None,
    longest_side: int,
    folder: Path,
    *,
    bounds: Bounds = BOUNDS,
    progress: Progress = SILENT,
) -> list[Path]:
    """Frames over the whole of a video, in order, as PNG files in ``folder``.

    ``duration`` is in seconds; None: the file is asked. ffmpeg opens nothing but the file, of a
    list of formats. MediaError if it gets no frame, DecoderError if there is no ffmpeg.
    """
    if duration is None or not 0 < duration < math.inf:
        duration = duration_of(path, progress=progress)
    seconds = duration or UNKNOWN_SECONDS
    frames: list[Path] = []
    for picture in PICTURES:
        for number in range(FRAMES):
            target = folder / f"frame-{number}.png"
            moment = seconds * number / FRAMES if number else 0.0
            command = frame_command(path, picture, moment, longest_side, target)
            ended = run_bounded(command, bounds, progress=progress)
            if ended.how in ("killed", "no start"):
                raise TemporaryMediaError("the machine had no memory left to decode the video in")
            if target.exists() and target.stat().st_size:
                frames.append(target)
            elif number == 0 or ended.how == "time":
                break  # what has no first frame, or takes so long, is not asked seven times more
        if frames or ended.how == "time":
            break
    if not frames:
        raise DamagedMediaError("the video can't be decoded, or has no picture in it")
    return frames


def duration_of(path: Path, *, progress: Progress = SILENT) -> float | None:
    """How long the video is by its own account, in seconds; None where it does not say."""
    command = [find_ffmpeg(), "-nostdin", "-hide_banner", *GUARDS, "-i", f"file:{path}"]
    found = DURATION.search(run_bounded(command, BOUNDS, errors=True, progress=progress).output)
    if found is None:
        return None
    hours, minutes, seconds = map(float, found.groups())
    return hours * 3600 + minutes * 60 + seconds


# size: what of which file, when, how large, whereto.
def frame_command(
    path: Path, picture: str, moment: float, longest_side: int, target: Path
) -> list[str]:
    # Pixels need not be square, and no frame is made larger than it is. Each filter and encoder
    # here is one that images/scripts/debian/build-ffmpeg.sh builds.
    side = str(longest_side)
    scale = (
        f"scale=w='max(trunc(iw*if(sar,sar,1)),1)':h=ih,"
        f"scale=w='min({side},iw)':h='min({side},ih)':force_original_aspect_ratio=decrease"
    )
    # fmt: off
    return [
        find_ffmpeg(), "-nostdin", "-hide_banner", "-loglevel", "quiet", "-threads", "2",
        *GUARDS, *(("-ss", f"{moment:.3f}") if moment else ()), "-i", f"file:{path}",
        "-map", picture, "-frames:v", "1", "-vf", scale,
        "-f", "image2", "-update", "1", "-c:v", "png", "-y", f"file:{target}",
    ]
    # fmt: on
