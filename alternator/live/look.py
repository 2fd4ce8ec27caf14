"""What a stream asks about a stretch of its sound."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from alternator.speech.transcript import Segment, Transcript


@dataclass(frozen=True, kw_only=True)
class Before:
    """What was said before a stretch of a stream.

    ``wav``: a file of that, ``seconds`` long, and of the stretch behind it; ``said``: its text, in
    the file's times.
    """

    wav: bytes
    seconds: float
    said: Segment


@dataclass(frozen=True, kw_only=True)
class Look:
    """A stretch of a stream that is to be heard.

    ``wav``: a file of it. ``full``: as the operator wants it, else quickly. ``hurried``: but
    without beams. ``urgent``: final words wait for it. ``before``: to be heard with it by an engine
    that can, None: nothing.
    """

    wav: bytes
    full: bool
    urgent: bool
    hurried: bool = False
    before: Before | None = None


# Gives what is said in it, in its own times.
Hear = Callable[[Look], Awaitable[Transcript]]
