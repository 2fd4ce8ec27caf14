"""What a vision model is shown of a picture: decoded in a process of its own, within bounds.

The decoder (``alternator/media/decoder/``) is started for each picture, which takes 60 ms in
November 2026; so Pillow and its readers are never part of the bot's own process, and whatever a
picture does to them ends with it.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from alternator.errors import DamagedMediaError, MediaError, TemporaryMediaError
from alternator.media.child import Bounds, Ended, run_bounded
from alternator.media.decoder.protocol import (
    MOST_BYTES,
    MOST_PIXELS,
    MOST_SHOWN,
    Order,
    Reply,
    ViewKind,
)
from alternator.media.media_type import HEAD_BYTES, excerpt, media_type
from alternator.progress import SILENT, Progress
from alternator.web.one_line import one_line

__all__ = ["ViewKind", "Views", "views_of", "views_of_frames"]

MIB = 1024 * 1024
MOST_DETAIL = 120  # characters of a library's words about a file
# What pictures of the most pixels take is in docs/descriptions.md: up to 1.5 GiB (WebP).
BOUNDS = Bounds(seconds=60.0, memory=1792 * MIB, output=MOST_BYTES + MIB)
# -P: a file PIL.py in the working directory is not the library.
COMMAND = (sys.executable, "-P", "-m", "alternator.media.decoder.main")


@dataclass(frozen=True, kw_only=True)
class Views:
    """What a model is shown: PNG or JPEG files, upright, in sRGB, without metadata.

    ``still``: one picture. ``moving``: up to four frames of an animation, in order. ``long``: the
    whole of a picture that is too large to be read so, then up to eight parts in reading order.
    """

    pictures: tuple[bytes, ...]
    kind: ViewKind


def views_of(
    path: Path, longest_side: int, *, bounds: Bounds = BOUNDS, progress: Progress = SILENT
) -> Views:
    """The views of a picture, each at most ``longest_side`` pixels wide and high.

    Raises MediaError for what can't be shown: DamagedMediaError where the file may have come
    broken, TemporaryMediaError where the machine had no room for it.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    found = media_type(head, "image")
    if found is None or not found.startswith("image/"):
        raise MediaError(f"it is no picture (it starts with {excerpt(head)})")
    return _decoded([path], found, longest_side, bounds, progress)


def views_of_frames(
    frames: Sequence[Path],
    longest_side: int,
    *,
    most: int | None = None,
    bounds: Bounds = BOUNDS,
    progress: Progress = SILENT,
) -> Views:
    """The views of a video: up to ``most`` of its frames (PNG files, in order) that tell it, or up
    to as many as of an animation."""
    return _decoded(frames, "image/png", longest_side, bounds, progress, most)


# size: what to decode, how, and the two that every child needs.
def _decoded(
    paths: Sequence[Path],
    kind: str,
    longest_side: int,
    bounds: Bounds,
    progress: Progress,
    most: int | None = None,
) -> Views:
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("rb")).fileno() for path in paths]
        order = Order(
            files=tuple(files),
            media_type=kind,
            longest_side=longest_side,
            most=most or MOST_SHOWN,
        )
        ended = run_bounded([*COMMAND, order.to_json()], bounds, files=files, progress=progress)
    reply = _reply(ended, bounds)
    if reply.fault is None:
        return Views(pictures=reply.pictures, kind=reply.kind)
    match reply.fault:
        case "pixels":
            raise MediaError(f"the picture has more than {MOST_PIXELS // 10**6} million pixels")
        case "memory":
            raise DamagedMediaError(
                f"the picture needs more than {bounds.memory // MIB} MB of memory to be decoded"
            )
        case "no decoder":
            raise MediaError(
                f"pictures of type {kind} can't be decoded here; the Python package "
                f"{reply.detail} does that"
            )
        case "damaged":
            raise DamagedMediaError(
                f"the picture can't be decoded ({one_line(reply.detail, MOST_DETAIL)})"
            )
        case _:
            assert_never(reply.fault)


def _reply(ended: Ended, bounds: Bounds) -> Reply:
    """What the decoder said. MediaError if it did not come to say anything."""
    match ended.how:
        case "done":
            try:
                return Reply.from_bytes(ended.output)
            except ValueError:
                raise DamagedMediaError("the picture made its decoder answer nonsense") from None
        case "time":
            raise DamagedMediaError(
                f"the picture took more than {bounds.seconds:g} s to be decoded"
            )
        case "killed" | "no start":
            raise TemporaryMediaError("the machine had no memory left to decode the picture in")
        case "crashed" | "failed":
            raise DamagedMediaError("the picture made its decoder crash")
        case "output":
            raise DamagedMediaError("the picture made its decoder answer without an end")
        case _:
            assert_never(ended.how)
