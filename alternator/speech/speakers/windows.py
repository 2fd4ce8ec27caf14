"""The stretches of a recording of which the network hears one each: at most 1.6 s of one span."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alternator.speech.cutting import SAMPLE_RATE, Span

WINDOW = 25_600  # samples: 1.6 s, which the network was trained on
STEP = 6_400  # samples between the beginnings of two, at most
FULL_SCALE = 32_768.0  # of a 16-bit sample
# Quiet windows are brought up to this root of the mean square (-30 dB), as Resemblyzer does with a
# whole recording (audio_norm_target_dBFS in its hparams.py): of several speakers each has a level.
LOUDNESS = 10.0 ** (-30 / 20)

Sound = npt.NDArray[np.int16] | npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Samples from ``first`` to before ``last``, within the span of that number."""

    first: int
    last: int
    span: int

    @property
    def middle(self) -> float:
        """In seconds."""
        return (self.first + self.last) / (2 * SAMPLE_RATE)


def windows_of(spans: Sequence[Span]) -> list[Window]:
    """Windows over all of each span, evenly laid; a span that is shorter is one window."""
    found: list[Window] = []
    for number, span in enumerate(spans):
        first, last = round(span.start * SAMPLE_RATE), round(span.end * SAMPLE_RATE)
        room = last - first - WINDOW
        if room <= 0:
            found.append(Window(first=first, last=last, span=number))
            continue
        steps = math.ceil(room / STEP)
        for step in range(steps + 1):
            start = first + round(step * room / steps)
            found.append(Window(first=start, last=start + WINDOW, span=number))
    return found


def rows_of(samples: Sound, windows: Sequence[Window]) -> npt.NDArray[np.float32]:
    """The sound of windows, none of them quiet, short ones over and over: (windows, 25600).

    Said again, a short one sounds to the network more like its speaker than with silence behind it:
    on the voices that the limits were fitted on, with the number of speakers told, 0.2 % of the
    speech was confused instead of 1.0 %.
    """
    rows = np.zeros((len(windows), WINDOW), dtype=np.float32)
    for row, window in zip(rows, windows, strict=True):
        piece = samples[window.first : window.last].astype(np.float32)
        if samples.dtype == np.int16:
            piece /= FULL_SCALE
        level = float(np.sqrt(np.mean(np.square(piece, dtype=np.float64)))) if len(piece) else 0.0
        if 0.0 < level < LOUDNESS:
            piece *= LOUDNESS / level
        row[:] = np.resize(piece, WINDOW)
    return rows


def seconds_of(windows: Sequence[Window]) -> npt.NDArray[np.float32]:
    """How much of the sound each window stands for: windows of a span share it."""
    found = np.empty(len(windows), dtype=np.float32)
    for _, run in itertools.groupby(enumerate(windows), key=lambda pair: pair[1].span):
        members = list(run)
        whole = members[-1][1].last - members[0][1].first
        for number, _ in members:
            found[number] = whole / len(members) / SAMPLE_RATE
    return found
