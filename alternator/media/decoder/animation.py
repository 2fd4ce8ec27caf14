"""Chooses the frames of an animation that tell what happens in it.

Frames are gone through once, within bounds, and no more of them are kept than the choice needs:
nobody knows how many come, and counting them would be decoding them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFile, ImageStat

from alternator.media.decoder.opening import check_size
from alternator.media.decoder.protocol import MOST_SHOWN

# Seconds and pixels that the frames of one animation may take to go through. What comes later is
# not looked at: in November 2026 a GIF of 100,000 frames of one pixel took Pillow 20 s and more.
MOST_SECONDS = 12.0
MOST_FRAME_PIXELS = 3_000_000_000
MOST_FRAMES = 5000

MOST_KEPT = 48

# Frames are compared at this size, each channel from 0 to 255.
SAMPLE = (32, 32)
SAME_MEAN = 2.0
SAME_MOST = 24
BLANK_RANGE = 8
NOTHING = (127, 129, 128)  # what transparent parts are compared as
BLANKS, NEAR = (0, 255, 128), 16

# Shorter than this, browsers show a frame for 100 ms:
# https://searchfox.org/mozilla-central/source/image/FrameTimeout.h
SHORTEST_MS = 11.0
DEFAULT_MS = 100.0


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A frame as it is shown, its number from 0, and the second it appears at."""

    image: Image.Image
    number: int
    second: float


def frames_of(
    picture: ImageFile.ImageFile, ready: Callable[[ImageFile.ImageFile], Image.Image]
) -> list[Frame]:
    """Frames of an animation at even distances, as ``ready`` makes each.

    A frame that is damaged or too large ends it, unless it is the first.
    """
    deadline = time.monotonic() + MOST_SECONDS
    pixels, second = 0, 0.0
    found: list[Frame] = []
    step = 1
    # An APNG's first picture may be for readers that know no animation: it is no part of it.
    start = 1 if picture.info.get("default_image") else 0
    for number in range(start, start + MOST_FRAMES):
        try:
            picture.seek(number)
            check_size(picture.size)
            picture.load()
        except EOFError:
            break
        except Exception:
            if found:
                break
            raise
        if (number - start) % step == 0:
            found.append(Frame(image=ready(picture), number=number, second=second))
        if len(found) > MOST_KEPT:
            found, step = found[::2], step * 2
        shown = picture.info.get("duration")
        milliseconds = float(shown) if isinstance(shown, int | float) else 0.0
        second += (milliseconds if milliseconds >= SHORTEST_MS else DEFAULT_MS) / 1000
        pixels += picture.width * picture.height
        if pixels > MOST_FRAME_PIXELS or time.monotonic() > deadline:
            break
    return found


def telling(frames: Sequence[Frame], most: int = MOST_SHOWN) -> list[Frame]:
    """Up to ``most`` frames over the whole time, none blank, none twice."""
    different: list[tuple[Frame, Image.Image]] = []
    for frame in frames:
        sample = _sample(frame.image)
        if not any(_same(sample, other) for _, other in different):
            different.append((frame, sample))
    chosen = [frame for frame, sample in different if not _blank(sample)]
    chosen = chosen or [frame for frame, _ in different]
    if len(chosen) <= most:
        return chosen
    start, end = frames[0].second, frames[-1].second
    picked: list[Frame] = []
    for number in range(most):
        wanted = start + (end - start) * (number + 0.5) / most
        left = [frame for frame in chosen if frame not in picked]
        picked.append(min(left, key=lambda frame: abs(frame.second - wanted)))
    return sorted(picked, key=lambda frame: frame.second)


def _sample(image: Image.Image) -> Image.Image:
    # Transparent is a colour of its own here: what moves on nothing moves.
    colours = image.convert("RGBA")
    ground = Image.new("RGBA", colours.size, NOTHING)
    return (
        Image.alpha_composite(ground, colours).convert("RGB").resize(SAMPLE, Image.Resampling.BOX)
    )


def _blank(sample: Image.Image) -> bool:
    """All black, all white or nothing at all, as animations begin and end."""
    found = ImageStat.Stat(sample)
    if any(most - least > BLANK_RANGE for least, most in found.extrema):
        return False
    return any(all(abs(mean - level) < NEAR for mean in found.mean) for level in BLANKS)


def _same(one: Image.Image, other: Image.Image) -> bool:
    difference = ImageStat.Stat(ImageChops.difference(one, other))
    most = max(high for _, high in difference.extrema)
    return max(difference.mean) < SAME_MEAN and most < SAME_MOST
