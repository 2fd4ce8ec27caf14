"""From windows and groups of voices to turns: who speaks from moment to moment.

A group's centre is surer than a single window. Each window is given to the centre that it is like,
weighed against changing the speaker: the best way through all windows (Viterbi).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from alternator.speech.cutting import SAMPLE_RATE, Span
from alternator.speech.speakers.clustering import Labels, Vectors, centres_of, clusters, in_order
from alternator.speech.speakers.limits import FITTED, Limits
from alternator.speech.speakers.turn import Turn
from alternator.speech.speakers.windows import Window, seconds_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Voices:
    """What was heard in a recording: its speech, the windows in it, an embedding for each."""

    spans: tuple[Span, ...]
    windows: tuple[Window, ...]
    vectors: Vectors


def turns_of(voices: Voices, count: int | None, limits: Limits = FITTED) -> list[Turn]:
    """Who speaks when; ``count`` speakers, None where their number is to be found."""
    if voices.windows and median_seconds(voices.windows) < limits.brief:
        limits = replace(limits, similarity=min(limits.similarity, limits.short))
    groups = clusters(voices.vectors, seconds_of(voices.windows), limits, count)
    speakers = follow(voices.vectors, groups, voices.windows, limits)
    return cut(voices.spans, voices.windows, speakers)


def median_seconds(windows: Sequence[Window]) -> float:
    """How long most windows are at least."""
    lengths = sorted(window.last - window.first for window in windows)
    return lengths[len(lengths) // 2] / SAMPLE_RATE


def follow(
    vectors: Vectors, labels: Labels, windows: Sequence[Window], limits: Limits = FITTED
) -> Labels:
    """The speaker of each window, from 0 in the order in which they first come."""
    if not len(vectors):
        return labels
    likeness = vectors @ centres_of(vectors, labels).T  # (windows, speakers)
    spans = np.array([window.span for window in windows])
    costs = np.where(np.diff(spans) == 0, limits.change_within, limits.change_between)
    return in_order(best_way(likeness, costs))


def best_way(likeness: npt.NDArray[np.float32], costs: npt.NDArray[np.float64]) -> Labels:
    """Of (steps, states) the states with the highest sum, less what each change costs."""
    steps, states = likeness.shape
    came = np.zeros((steps, states), dtype=np.int64)
    score = likeness[0].astype(np.float64)
    stay = np.arange(states)
    for step in range(1, steps):
        best = int(score.argmax())
        moved = score[best] - costs[step - 1]
        came[step] = np.where(score >= moved, stay, best)
        score = np.maximum(score, moved) + likeness[step]
    way = np.empty(steps, dtype=np.int64)
    way[-1] = int(score.argmax())
    for step in range(steps - 1, 0, -1):
        way[step - 1] = came[step, way[step]]
    return way


def cut(spans: Sequence[Span], windows: Sequence[Window], speakers: Labels) -> list[Turn]:
    """The turns: all of the spans, each cut in the middle between two windows that differ."""
    turns: list[Turn] = []
    numbered = zip(windows, speakers.tolist(), strict=True)
    for number, run in itertools.groupby(numbered, key=lambda pair: pair[0].span):
        span, start = spans[number], spans[number].start
        for (window, speaker), (after, other) in itertools.pairwise(members := list(run)):
            if speaker != other:
                at = (window.middle + after.middle) / 2
                turns.append(Turn(start=start, end=at, speaker=speaker))
                start = at
        turns.append(Turn(start=start, end=span.end, speaker=members[-1][1]))
    return turns
