"""A sound without its long pauses: fewer windows, and no computing on silence.

What is decoded is the shortened sound alone, and all times within the engine are its own; ``Seams``
says what they are in the file. Around speech as much stays as stands at the ends of a window. A
pause of ``Limits.pause`` or more stays whole, since no window reaches over it.
"""

import bisect
import itertools
import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from alternator.media.audio import Samples
from alternator.speech.batched.drafts import Draft
from alternator.speech.cutting import (
    CHUNK,
    CHUNK_SECONDS,
    SAMPLE_RATE,
    Limits,
    Probabilities,
    Span,
    speech_spans,
)

PAD = Limits().pad
# The voice detector must be surer than this that nobody speaks, in all of what is left out.
SILENCE = 0.1
# Seconds: a shorter pause tells Whisper where a sentence ends. Over 42 minutes of speech in four
# languages 29.4 of 100 words were wrong so, 30.0 where pauses of a second were shortened as well,
# and 29.6 with all pauses (real base weights, float32).
LEAST_PAUSE = 1.5
# Chunks are left out by so many, 160 ms: then whole frames of 10 ms are left out, and no time of
# the file has more digits than one of the engine's.
TOGETHER = 5


@dataclass(frozen=True, kw_only=True)
class Seams:
    """Where something was left out: at which second of what is left, and how many seconds were, to
    there and with it. ``PAD`` seconds before and behind a seam are silent."""

    seams: tuple[tuple[float, float], ...]

    def in_file(self, start: float, end: float) -> tuple[float, float]:
        """The start and the end of something that was said, in seconds of the file.

        What begins in the silence before a seam begins behind it, and what ends in the silence
        behind one ends before it: a pause belongs to no word.
        """
        found = start + self._before(start + PAD), end + self._before(end - PAD)
        if found[0] > found[1]:
            shift = self._before((start + end) / 2)
            found = start + shift, end + shift
        return round(found[0], 2), round(found[1], 2)

    def moment(self, second: float) -> float:
        """A moment in seconds of the file."""
        return second + self._before(second)

    def place(self, draft: Draft) -> None:
        """Give a segment and its words the times of the file."""
        if not self.seams:
            return
        draft.seek += round(100 * self._before(draft.seek / 100))
        draft.start, draft.end = self.in_file(draft.start, draft.end)
        for word in draft.words or []:
            word.start, word.end = self.in_file(word.start, word.end)
        if draft.words:
            draft.start = min(draft.start, draft.words[0].start)
            draft.end = max(draft.end, draft.words[-1].end)

    def _before(self, second: float) -> float:
        """How many seconds were left out before a moment."""
        found = bisect.bisect_right(self.seams, (second, math.inf))
        return self.seams[found - 1][1] if found else 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Shortened:
    """What is left of a sound: ``stretches`` of its ``samples`` (first, last excluded), in order.

    The samples are all of them, and not copied; ``probabilities`` and ``spans``, where somebody
    speaks, are of what is left.
    """

    samples: Samples
    stretches: tuple[tuple[int, int], ...]
    probabilities: Probabilities
    spans: tuple[Span, ...]
    seams: Seams

    @property
    def length(self) -> int:
        """How many samples are left."""
        return sum(last - first for first, last in self.stretches)

    def sound(self, span: Span) -> Samples:
        """The samples of a span of what is left."""
        parts, begin = [], 0
        for first, last in self.stretches:
            left = max(round(span.start * SAMPLE_RATE) - begin + first, first)
            right = min(round(span.end * SAMPLE_RATE) - begin + first, last)
            if left < right:
                parts.append(self.samples[left:right])
            begin += last - first
        return parts[0] if len(parts) == 1 else np.concatenate([self.samples[:0], *parts])


def whole(samples: Samples, probabilities: Probabilities) -> Shortened:
    """A sound with nothing left out; ``probabilities`` as VoiceDetector gives them."""
    return _without((), speech_spans(probabilities, len(samples)), samples, probabilities)


def shortened(samples: Samples, probabilities: Probabilities) -> Shortened:
    """A sound without its long pauses; ``probabilities`` as VoiceDetector gives them."""
    spans = speech_spans(probabilities, len(samples))
    return _without(list(_pauses(spans, probabilities)), spans, samples, probabilities)


def _without(
    pauses: Sequence[tuple[int, int]],
    spans: tuple[Span, ...],
    samples: Samples,
    probabilities: Probabilities,
) -> Shortened:
    left = np.ones(len(probabilities), dtype=bool)
    seams, gone = [], 0
    for first, last in pauses:
        left[first:last] = False
        at = (first - gone) * CHUNK_SECONDS
        gone += last - first
        seams.append((at, gone * CHUNK_SECONDS))
    borders = [0, *(chunk * CHUNK for pause in pauses for chunk in pause), len(samples)]
    return Shortened(
        samples=samples,
        stretches=tuple(zip(borders[::2], borders[1::2], strict=True)),
        probabilities=probabilities[left] if pauses else probabilities,
        spans=tuple(_moved(spans, pauses)),
        seams=Seams(seams=tuple(seams)),
    )


def _moved(spans: Sequence[Span], pauses: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """The spans where they are without the pauses between them."""
    gone, waiting = 0.0, deque(pauses)
    for span in spans:
        while waiting and waiting[0][0] * CHUNK_SECONDS < span.start:
            first, last = waiting.popleft()
            gone += (last - first) * CHUNK_SECONDS
        yield Span(start=span.start - gone, end=span.end - gone)


def _pauses(spans: Sequence[Span], probabilities: Probabilities) -> Iterator[tuple[int, int]]:
    """What is left out: first and last (excluded) chunk of each."""
    limits = Limits()
    for before, after in itertools.pairwise(spans):
        if not LEAST_PAUSE <= after.start - before.end < limits.pause:
            continue
        first = math.ceil((before.end + PAD) / CHUNK_SECONDS)
        count = math.floor((after.start - PAD) / CHUNK_SECONDS) - first
        last = first + count // TOGETHER * TOGETHER
        if last > first and probabilities[first:last].max() < SILENCE:
            yield first, last
