"""Where in a file somebody speaks, as its windows and the check on its text need to know it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from alternator.speech.batched.shortened import Seams, Shortened
from alternator.speech.cutting import CHUNK_SECONDS, SAMPLE_RATE, Span, windows_of
from alternator.speech.transcript import Segment

# Surer than this the voice detector has heard somebody speak (Silero's default).
SPEECH = 0.5
SHORTEST = 0.1  # seconds: a window that a clip cuts shorter holds no word


@dataclass(frozen=True, kw_only=True, eq=False)
class Voice:
    """What the voice detector heard: one probability from 0 to 1 for every 32 ms, the spans of
    speech that follow from them, and the sound's length in seconds."""

    probabilities: npt.NDArray[np.float32]
    spans: tuple[Span, ...]
    total: float

    def share(self, start: float, end: float) -> float:
        """How much of a stretch is speech, from 0 to 1; a stretch has at least 32 ms."""
        return float((self._within(start, end) >= SPEECH).mean())

    def peak(self, start: float, end: float) -> float:
        """The highest probability of speech in a stretch."""
        return float(self._within(start, end).max())

    def before(self, start: float) -> float:
        """Where the last speech before a moment ended; 0.0 if there was none."""
        return max((span.end for span in self.spans if span.end <= start), default=0.0)

    def between(self, start: float, end: float) -> tuple[Span, ...]:
        """The spans of speech in a stretch, what is outside of it cut off."""
        return tuple(
            Span(start=max(span.start, start), end=min(span.end, end))
            for span in self.spans
            if span.start < end and span.end > start
        )

    def _within(self, start: float, end: float) -> npt.NDArray[np.float32]:
        if not len(self.probabilities):
            return np.zeros(1, dtype=np.float32)
        first = min(max(0, int(start / CHUNK_SECONDS)), len(self.probabilities) - 1)
        last = max(first + 1, int(np.ceil(end / CHUNK_SECONDS)))
        return self.probabilities[first:last]


@dataclass(frozen=True, kw_only=True)
class Lead:
    """What is known before the first window: what was ``said`` in the sound from ``start`` to
    ``until``, where the window begins."""

    start: float
    until: float
    said: Segment


@dataclass(frozen=True, kw_only=True, eq=False)
class Voiced:
    """A file whose windows are known. ``mels`` gives the spectrograms of windows of it, float32,
    (n_mels, frames of 10 ms). All times are of the sound without what was left out at ``seams``.
    ``lead`` is given to the first window."""

    owner: str
    voice: Voice
    windows: tuple[Span, ...]
    mels: Callable[[Sequence[Span]], list[torch.Tensor]]
    seams: Seams
    lead: Lead | None = None


def find_windows(left: Shortened, clips: tuple[float, ...]) -> tuple[Voice, tuple[Span, ...]]:
    """The speech in what is left of a sound, and the windows to decode: none outside of ``clips``
    (DecodingOptions.clip_timestamps)."""
    total = left.length / SAMPLE_RATE
    windows: list[Span] = []
    kept: list[Span] = []
    for clip in _clips(clips, total):
        within = [
            Span(start=max(span.start, clip.start), end=min(span.end, clip.end))
            for span in left.spans
            if span.start < clip.end and span.end > clip.start
        ]
        kept += within
        cut = (
            Span(start=max(window.start, clip.start), end=min(window.end, clip.end))
            for window in windows_of(within, left.probabilities, total)
        )
        windows += (window for window in cut if window.seconds >= SHORTEST)
    voice = Voice(probabilities=left.probabilities, spans=tuple(kept), total=total)
    return voice, tuple(windows)


def _clips(points: tuple[float, ...], total: float) -> list[Span]:
    ends = [min(max(0.0, round(point, 2)), total) for point in points] or [0.0]
    if len(ends) % 2:
        ends.append(total)
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return [Span(start=start, end=end) for start, end in pairs if end > start]
