"""What comes of a stream. All times are seconds from its beginning."""

from dataclasses import dataclass

from alternator.errors import AlternatorError
from alternator.speech.transcript import Segment


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How a stream is heard; seconds all.

    ``silence`` ends a sentence, and where ``turns`` is set the item too; ``padding`` of it is heard
    again before the next one. Words that are not sure yet are looked for every ``step`` while there
    is room for that (pace.py), and in any case after ``patience``. A window is cut when it is
    ``longest``. Where no sound comes for ``idle``, what was said is taken to be over.
    """

    silence: float = 0.5
    padding: float = 0.3
    turns: bool = True
    step: float = 1.0
    patience: float = 5.0
    longest: float = 20.0
    idle: float = 3.0


@dataclass(frozen=True, kw_only=True)
class Began:
    """Somebody speaks, from ``at`` on: an item begins."""

    at: float


@dataclass(frozen=True, kw_only=True)
class Partial:
    """Text behind the last Final that is not final: ``confirmed`` only grows until the next Final,
    ``tentative`` stands behind it and may be all different the next time. Both as Whisper gives
    them, with the space in front."""

    confirmed: str
    tentative: str


@dataclass(frozen=True, kw_only=True)
class Final:
    """Text that does not change any more, at least one segment of it; between them are pauses.

    ``latency``: how long before this the last of its sound came in.
    """

    text: str
    segments: tuple[Segment, ...]
    latency: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    """An item is over: at a pause, by a commit, or with the stream. ``text`` is all of it, '' where
    nobody spoke; ``seconds`` how much of the stream it took; ``asked``: by a commit."""

    at: float
    text: str
    seconds: float
    asked: bool


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A stretch of sound could not be heard; the item that it was in is over."""

    at: float
    error: AlternatorError


News = Began | Partial | Final | Ended | Lost
