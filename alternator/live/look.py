"""What a stream asks about a stretch of its sound."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from alternator.speech.transcript import Transcript


@dataclass(frozen=True, kw_only=True)
class Look:
    """A stretch of a stream that is to be heard.

    ``wav``: a file of it. ``full``: as the operator wants it, else quickly. ``urgent``: final words
    wait for it.
    """

    wav: bytes
    full: bool
    urgent: bool


# Gives what is said in it, in its own times.
Hear = Callable[[Look], Awaitable[Transcript]]
