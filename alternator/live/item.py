"""What one item of a stream has said so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from alternator.speech.transcript import Segment

PAUSE_SECONDS = 0.2


@dataclass(kw_only=True)
class Item:
    """``start`` in seconds of the stream; ``open`` once somebody spoke."""

    start: float = 0.0
    open: bool = False
    _texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """More of it, with the space before it."""
        self._texts.append(text)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._texts).strip()


def between_pauses(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The same with those joined that have no pause between them: a model breaks a long sentence
    where it likes, and what is said in one breath is final at one moment."""
    found: list[Segment] = []
    for one in segments:
        if found and one.start - found[-1].end < PAUSE_SECONDS:
            found.append(joined(found.pop(), one))
        else:
            found.append(one)
    return tuple(found)


def joined(one: Segment, other: Segment) -> Segment:
    """Both as one, without what is told of their decoding."""
    words = None if one.words is None or other.words is None else one.words + other.words
    return Segment(start=one.start, end=other.end, text=one.text + other.text, words=words)


def moved_by(seconds: float, segment: Segment) -> Segment:
    """The same segment, so much later."""
    words = segment.words and tuple(
        replace(word, start=word.start + seconds, end=word.end + seconds) for word in segment.words
    )
    return replace(segment, start=segment.start + seconds, end=segment.end + seconds, words=words)
