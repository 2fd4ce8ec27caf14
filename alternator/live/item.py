"""What one item of a stream has said so far."""

from dataclasses import dataclass, field, replace

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


def moved_by(seconds: float, segment: Segment) -> Segment:
    """The same segment, so much later."""
    words = segment.words and tuple(
        replace(word, start=word.start + seconds, end=word.end + seconds) for word in segment.words
    )
    return replace(segment, start=segment.start + seconds, end=segment.end + seconds, words=words)
