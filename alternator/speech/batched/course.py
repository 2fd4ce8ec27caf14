"""A request under way: what was prepared of it, its listening, and what it waits for."""

from collections import deque
from dataclasses import dataclass, field

from alternator.speech.batched.asking import Answer, Listening, Outcome
from alternator.speech.batched.preparing import Prepared
from alternator.speech.batched.window import Decoded
from alternator.speech.engines.engine import Request
from alternator.speech.transcript import Transcript


@dataclass(kw_only=True, eq=False)
class Course:
    """One request; ``long``: it was found to be, and others do not wait for it."""

    request: Request
    long: bool = False
    prepared: Prepared | None = None
    listening: Listening | None = None
    answers: deque[Answer] = field(default_factory=deque)
    asked: int = 0  # windows that the decoder has
    heard: float = 0.0
    told: float = 0.0  # when something was last told of it, by the monotonic clock

    def transcript(self, outcome: Outcome) -> Transcript:
        """The whole of it."""
        assert self.prepared is not None
        return Transcript(
            text="".join(segment.text for segment in outcome.segments).strip(),
            language=outcome.language,
            duration=self.prepared.duration,
            segments=outcome.segments,
            language_probability=outcome.language_probability,
            confidence=outcome.confidence,
            notes=(*self.prepared.notes, *outcome.notes),
        )


class Return:
    """Takes a window's result back to its request."""

    def __init__(self, course: Course, number: int) -> None:
        self._course, self._number = course, number

    def __call__(self, decoded: Decoded) -> None:
        self._course.asked -= 1
        self._course.answers.append(Answer(number=self._number, decoded=decoded))
