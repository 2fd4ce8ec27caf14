"""What one item of a stream has said so far."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from alternator.live.plan import GAP_SECONDS
from alternator.speech.transcript import Segment


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
        if found and one.start - found[-1].end < GAP_SECONDS:
            found.append(joined(found.pop(), one))
        else:
            found.append(one)
    return tuple(found)


def joined(*segments: Segment) -> Segment:
    """All as one, without what is told of their decoding."""
    words = [one.words for one in segments if one.words is not None]
    return Segment(
        start=segments[0].start,
        end=segments[-1].end,
        text="".join(one.text for one in segments),
        words=tuple(itertools.chain(*words)) if len(words) == len(segments) else None,
    )


def moved_by(seconds: float, segment: Segment) -> Segment:
    """The same segment, so much later."""
    words = segment.words and tuple(
        replace(word, start=word.start + seconds, end=word.end + seconds) for word in segment.words
    )
    return replace(segment, start=segment.start + seconds, end=segment.end + seconds, words=words)
