"""Takes frames out of a video, of different shots, with a bounded ffmpeg child for each."""

import math
import re
from pathlib import Path

from alternator.errors import DamagedMediaError, TemporaryMediaError
from alternator.media.child import Bounds, run_bounded
from alternator.media.confined.reach import opening
from alternator.media.ffmpeg import GUARDS, find_ffmpeg
from alternator.media.video_moments import moments_of_video
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
    """Frames of a video's shots, in order, as PNG files in ``folder``.

    ``duration`` is in seconds, as the server has it, or None: the file is asked too. ffmpeg opens
    nothing but the file, of a list of formats. MediaError if it gets no frame, DecoderError if
    there is no ffmpeg.
    """
    told = duration if duration is not None and 0 < duration < math.inf else None
    # The shorter: beyond the end there is nothing, and how closely it is looked at hangs on it.
    known = [found for found in (told, duration_of(path, progress=progress)) if found]
    seconds = min(known, default=UNKNOWN_SECONDS)
    frames: list[Path] = []
    for picture in PICTURES:
        chosen = moments_of_video(path, picture, seconds, FRAMES, progress=progress)
        for number, moment in enumerate(chosen):
            target = folder / f"frame-{number}.png"
            command = frame_command(path, picture, moment, longest_side, target)
            found = _taken(command, path, target, bounds, progress)
            if not found and not number:
                # Its own account of its length may be wrong; its beginning is there.
                command = frame_command(path, picture, 0.0, longest_side, target)
                found = _taken(command, path, target, bounds, progress)
            if found:
                frames.append(target)
            elif found is None or not number:
                break  # what has no first frame, or takes so long, is not asked seven times more
        if frames or found is None:
            break
    if not frames:
        raise DamagedMediaError("the video can't be decoded, or has no picture in it")
    return frames


def _taken(
    command: list[str], path: Path, target: Path, bounds: Bounds, progress: Progress
) -> bool | None:
    """Whether a command wrote its frame; None if it took too long."""
    reach = opening(path, writing=target.parent)
    ended = run_bounded(command, bounds, reach=reach, progress=progress)
    if ended.how in ("killed", "no start"):
        raise TemporaryMediaError("the machine had no memory left to decode the video in")
    if target.exists() and target.stat().st_size:
        return True
    return None if ended.how == "time" else False


def duration_of(path: Path, *, progress: Progress = SILENT) -> float | None:
    """How long the video is by its own account, in seconds; None where it does not say."""
    command = [find_ffmpeg(), "-nostdin", "-hide_banner", *GUARDS, "-i", f"file:{path}"]
    ended = run_bounded(command, BOUNDS, reach=opening(path), errors=True, progress=progress)
    found = DURATION.search(ended.output)
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
