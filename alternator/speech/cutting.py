"""Speech found in a recording, and the windows of at most 30 s that Whisper is given.

``speech_spans`` is Silero's own algorithm with its own defaults; ``windows_of`` joins spans into as
few windows as it can, each a contiguous stretch of the sound, cut where the pauses are longest.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000  # Hz
CHUNK = 512  # samples to a probability
CHUNK_SECONDS = CHUNK / SAMPLE_RATE

FRAME = 160  # samples
# What a cut costs, in windows: up to half a one in a pause, two and more in the middle of speech.
PAUSE_COST, SPEECH_COST = 0.5, 2.0
# Inside of a long span there is one place to cut in each of so many chunks, about a second.
PLACES = 31

Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of the sound, in seconds from its beginning."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When probabilities are speech; the defaults are Silero's.

    Speech begins at ``threshold`` and ends below ``threshold_to_end`` (None: 0.15 less) that lasts
    for ``min_silence`` seconds; shorter than ``min_speech`` it is none. ``pad`` seconds are added
    at both sides.
    https://github.com/snakers4/silero-vad/blob/master/src/silero_vad/utils_vad.py
    """

    threshold: float = 0.5
    threshold_to_end: float | None = None
    min_speech: float = 0.25
    min_silence: float = 0.1
    pad: float = 0.03


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How windows are cut, in seconds.

    No window is longer than ``longest``. Spans with a pause of ``pause`` or more between them are
    not put into one window. A window begins ``pad`` before its first span and ends as much behind
    its last one, but not beyond the middle of the pause to its neighbour.
    """

    longest: float = 30.0
    pause: float = 5.0
    pad: float = 0.4


@dataclass(kw_only=True)
class _Piece:
    """A span, or a second of a long one; in samples.

    ``left`` and ``right``: where a window begins that begins with it, or ends that ends with it.
    ``cost`` of a cut before it, in windows; ``apart``: there must be a cut.
    """

    left: int
    right: int
    cost: float
    apart: bool = False


def speech_spans(
    probabilities: Probabilities, samples: int | None = None, rules: Rules | None = None
) -> tuple[Span, ...]:
    """Where somebody speaks: spans in their order, without overlap.

    ``probabilities`` one for each 512 samples, as VoiceDetector gives them; ``samples`` is how many
    samples there are, where the last chunk was not full.
    """
    rules = rules or Rules()
    total = len(probabilities) * CHUNK if samples is None else samples
    least = SAMPLE_RATE * rules.min_speech
    spoken = [
        (start, end if end is not None else total)
        for start, end in _stretches(probabilities, rules)
        if (total if end is None else end) - start > least
    ]
    return tuple(
        Span(start=start / SAMPLE_RATE, end=end / SAMPLE_RATE)
        for start, end in _padded(spoken, SAMPLE_RATE * rules.pad, total)
    )


def _stretches(probabilities: Probabilities, rules: Rules) -> Iterator[tuple[int, int | None]]:
    """Start and end in samples; None as the end of what lasts to the end of the sound."""
    leave = rules.threshold_to_end
    if leave is None:
        leave = max(rules.threshold - 0.15, 0.01)
    silence = SAMPLE_RATE * rules.min_silence
    start: int | None = None
    quiet_since: int | None = None
    # Only chunks that are clearly speech or clearly none change anything.
    loud, quiet = probabilities >= rules.threshold, probabilities < leave
    for index in np.flatnonzero(loud | quiet).tolist():
        at = index * CHUNK
        if loud[index]:
            quiet_since = None
            start = at if start is None else start
        elif start is not None:
            quiet_since = at if quiet_since is None else quiet_since
            if at - quiet_since >= silence:
                yield start, quiet_since
                start = quiet_since = None
    if start is not None:
        yield start, None


def _padded(spoken: Sequence[tuple[int, int]], pad: float, total: int) -> Iterator[tuple[int, int]]:
    """The spans with ``pad`` samples around each; a short pause is halved between its two."""
    before = pad
    for index, (start, end) in enumerate(spoken):
        if index + 1 < len(spoken):
            pause = spoken[index + 1][0] - end
            after = pause // 2 if pause < 2 * pad else pad
        else:
            after = pad
        yield int(max(0, start - before)), int(min(total, end + after))
        before = after


def windows_of(
    spans: Sequence[Span],
    probabilities: Probabilities,
    total: float,
    limits: Limits | None = None,
) -> tuple[Span, ...]:
    """The windows that hold all of ``spans``: in their order, without overlap, none outside.

    ``total`` is the length of the sound in seconds. Windows begin at whole frames of 10 ms.
    What is cut, in this order: as few windows as there can be, at pauses rather than inside of
    speech, at long pauses rather than short ones, and inside of speech where it is least probable.
    """
    limits = limits or Limits()
    pieces = _pieces(spans, probabilities, round(total * SAMPLE_RATE), limits)
    return tuple(
        Span(start=pieces[first].left / SAMPLE_RATE, end=pieces[last - 1].right / SAMPLE_RATE)
        for first, last in _fewest(pieces, round(limits.longest * SAMPLE_RATE))
    )


def _pieces(
    spans: Sequence[Span], probabilities: Probabilities, total: int, limits: Limits
) -> list[_Piece]:
    pad = round(limits.pad * SAMPLE_RATE)
    found: list[_Piece] = []
    end_before: int | None = None
    for span in spans:
        start, end = round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE)
        left, pause = max(0, start - pad) // FRAME * FRAME, 0.0
        if end_before is not None:
            pause = (start - end_before) / SAMPLE_RATE
            middle = (start + end_before) // 2 // FRAME * FRAME
            found[-1].right = min(found[-1].right, middle)
            left = max(left, middle)
        right = min(total, -(-(end + pad) // FRAME) * FRAME)
        cost = PAUSE_COST * math.exp(-pause)
        found.append(_Piece(left=left, right=right, cost=cost, apart=pause >= limits.pause))
        if right - left > limits.longest * SAMPLE_RATE:
            for place, probability in _places(probabilities, start, end):
                found[-1].right, cost = place, SPEECH_COST + probability
                found.append(_Piece(left=place, right=right, cost=cost))
        end_before = end
    return found


def _places(probabilities: Probabilities, start: int, end: int) -> Iterator[tuple[int, float]]:
    """In each second of a span the place where speech is least probable, and how probable."""
    first, last = start // CHUNK + 1, min(end // CHUNK, len(probabilities))
    # A chunk with its neighbours: the middle of a dip rather than its edge.
    smooth = np.convolve(probabilities[first - 1 : last + 1], np.full(3, 1 / 3), mode="valid")
    for at in range(0, len(smooth), PLACES):
        lowest = at + int(smooth[at : at + PLACES].argmin())
        place = ((first + lowest) * CHUNK + CHUNK // 2) // FRAME * FRAME
        if start < place < end:
            yield place, float(smooth[lowest])


def _fewest(pieces: Sequence[_Piece], longest: int) -> list[tuple[int, int]]:
    """The cheapest way to join pieces into windows: first and last (excluded) piece of each."""
    costs, origins = [0.0], [0]
    for last in range(1, len(pieces) + 1):
        best, origin = math.inf, last - 1
        for first in range(last - 1, -1, -1):
            if first < last - 1 and (
                pieces[first + 1].apart or pieces[last - 1].right - pieces[first].left > longest
            ):
                break
            cost = costs[first] + 1.0 + pieces[first].cost
            if cost < best:
                best, origin = cost, first
        costs.append(best)
        origins.append(origin)
    windows: list[tuple[int, int]] = []
    last = len(pieces)
    while last:
        windows.append((origins[last], last))
        last = origins[last]
    return windows[::-1]
