"""From windows to turns."""

import itertools

import numpy as np
import pytest

from alternator.speech.cutting import SAMPLE_RATE, Span
from alternator.speech.speakers.following import Voices, best_way, cut, follow, turns_of
from alternator.speech.speakers.limits import Limits
from alternator.speech.speakers.turn import Turn
from alternator.speech.speakers.windows import Window, windows_of

SPANS = (Span(start=1.0, end=5.0), Span(start=5.5, end=6.0), Span(start=8.0, end=12.0))


def test_without_a_change_the_turns_are_the_spans() -> None:
    windows = windows_of(SPANS)
    turns = cut(SPANS, windows, np.zeros(len(windows), np.int64))
    assert turns == [Turn(start=span.start, end=span.end, speaker=0) for span in SPANS]


def test_a_span_is_cut_in_the_middle_between_two_windows_that_differ() -> None:
    span = Span(start=0.0, end=4.8)  # nine windows, their middles from 0.8 to 4.0 s
    windows = windows_of([span])
    middles = [window.middle for window in windows]
    assert middles == pytest.approx([0.8 + 0.4 * step for step in range(9)])
    speakers = np.array([0, 0, 0, 1, 1, 1, 1, 0, 0])
    turns = cut([span], windows, speakers)
    assert [turn.speaker for turn in turns] == [0, 1, 0]
    ends = [turn.end for turn in turns]
    assert ends == pytest.approx([1.8, 3.4, 4.8])
    assert [turn.start for turn in turns] == [0.0, *ends[:-1]]


def test_nothing_has_no_turns() -> None:
    assert cut([], [], np.zeros(0, np.int64)) == []
    nothing = follow(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), [])
    assert nothing.tolist() == []


def test_the_way_is_the_best_of_all() -> None:
    chance = np.random.default_rng(1)
    for _ in range(20):
        likeness = chance.uniform(0, 1, (6, 3)).astype(np.float32)
        costs = chance.uniform(0, 0.6, 5)

        def worth(
            way: tuple[int, ...], likeness: np.ndarray = likeness, costs: np.ndarray = costs
        ) -> float:
            gained = sum(float(likeness[step, state]) for step, state in enumerate(way))
            changes = zip(itertools.pairwise(way), costs.tolist(), strict=True)
            return gained - sum(cost for (one, other), cost in changes if one != other)

        best = max(itertools.product(range(3), repeat=6), key=worth)
        assert worth(tuple(best_way(likeness, costs).tolist())) == pytest.approx(worth(best))


def test_a_window_that_is_a_little_more_like_another_stays_with_its_neighbours() -> None:
    centres = np.eye(2, dtype=np.float32)
    span = Span(start=0.0, end=8.0)
    windows = windows_of([span])
    mine = np.array([1.0, 0.0], np.float32)
    vectors = np.tile(mine, (len(windows), 1))
    vectors[5] = centres @ np.array([0.68, 0.74], np.float32)
    labels = np.zeros(len(windows), np.int64)
    labels[5] = 1
    dear = Limits(change_within=0.2)
    assert set(follow(vectors, labels, windows, dear).tolist()) == {0}
    cheap = Limits(change_within=0.01)
    assert set(follow(vectors, labels, windows, cheap).tolist()) == {0, 1}


def test_short_windows_need_less_likeness() -> None:
    """0.63: two speakers where windows are whole, one where nobody says more than a word."""
    near = np.array([[1.0, 0.0], [0.63, np.sqrt(1 - 0.63**2)]], dtype=np.float32)
    for seconds, speakers in ((1.6, 2), (1.0, 1)):
        length = round(seconds * SAMPLE_RATE)
        spans = tuple(Span(start=4.0 * n, end=4.0 * n + seconds) for n in range(4))
        windows = tuple(
            Window(first=n * 4 * SAMPLE_RATE, last=n * 4 * SAMPLE_RATE + length, span=n)
            for n in range(4)
        )
        voices = Voices(spans=spans, windows=windows, vectors=near[[0, 1, 0, 1]])
        found = {turn.speaker for turn in turns_of(voices, None, Limits(fewest=0.5))}
        assert len(found) == speakers
