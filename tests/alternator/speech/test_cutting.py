"""Spans are Silero's own; windows hold all of them and are cut where it hurts least."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
threads = torch.get_num_threads()
utils_vad = pytest.importorskip("silero_vad.utils_vad")
torch.set_num_threads(threads)  # the package sets one

from alternator.speech.cutting import (  # noqa: E402  # after importorskip
    CHUNK_SECONDS,
    Limits,
    Probabilities,
    Rules,
    Span,
    speech_spans,
    windows_of,
)


def sure(*stretches: tuple[int, float]) -> Probabilities:
    """So many chunks of that probability, one stretch after the other."""
    return np.concatenate([np.full(count, value) for count, value in stretches]).astype(np.float32)


@st.composite
def probabilities(draw: st.DrawFn) -> Probabilities:
    """Something that wanders, fast or slowly, over and under the thresholds."""
    seed = draw(st.integers(0, 2**32 - 1))
    smooth = draw(st.integers(1, 40))
    count = draw(st.integers(1, 600))
    noise = np.random.default_rng(seed).standard_normal(count + smooth - 1)
    wandering = np.convolve(noise, np.full(smooth, smooth**-0.5), mode="valid")
    bias = draw(st.floats(-2, 3))
    return (1 / (1 + np.exp(-2 * wandering - bias))).astype(np.float32)


def chunks(seconds: float) -> int:
    return round(seconds / CHUNK_SECONDS)


@given(
    probabilities(), st.integers(0, 511), st.sampled_from([0.03, 0.2]), st.sampled_from([0.1, 0.5])
)
def test_spans_are_those_of_silero(
    found: Probabilities, missing: int, pad: float, silence: float
) -> None:
    samples = len(found) * 512 - missing
    theirs = utils_vad.get_speech_timestamps_from_probs(
        found.tolist(),
        audio_length_samples=samples,
        speech_pad_ms=1000 * pad,
        min_silence_duration_ms=1000 * silence,
    )
    ours = speech_spans(found, samples, Rules(pad=pad, min_silence=silence))
    assert [(round(span.start * 16_000), round(span.end * 16_000)) for span in ours] == [
        (span["start"], span["end"]) for span in theirs
    ]


def test_no_speech_no_spans_no_windows() -> None:
    assert speech_spans(sure((100, 0.1))) == ()
    assert speech_spans(np.empty(0, np.float32)) == ()
    assert windows_of((), sure((100, 0.1)), 3.2) == ()


@given(probabilities(), st.floats(2.2, 8), st.floats(0.3, 3), st.floats(0, 0.5))
def test_windows_hold_every_span_and_no_more_than_they_may(
    found: Probabilities, longest: float, pause: float, pad: float
) -> None:
    total = len(found) * CHUNK_SECONDS
    spans = speech_spans(found)
    limits = Limits(longest=longest, pause=pause, pad=pad)
    windows = windows_of(spans, found, total, limits)
    for window in windows:
        assert 0 <= window.start < window.end <= total
        assert window.seconds <= longest + 1e-9
        assert window.start * 100 == pytest.approx(round(window.start * 100), abs=1e-6)
    for before, after in pairwise(windows):
        assert before.end <= after.start
    for span in spans:
        heard = sum(
            max(0.0, min(span.end, window.end) - max(span.start, window.start))
            for window in windows
        )
        assert heard == pytest.approx(span.seconds, abs=0.01 * 2)


def test_windows_are_few_and_full_and_cut_at_the_longest_pause() -> None:
    """Forty sentences of two seconds; 0.3 s between them, and a second after each tenth."""
    sentence, short, long = (chunks(2.0), 0.9), (chunks(0.3), 0.0), (chunks(1.0), 0.0)
    found = sure(*[part for n in range(1, 41) for part in (sentence, short if n % 10 else long)])
    windows = windows_of(speech_spans(found), found, len(found) * CHUNK_SECONDS)
    assert len(windows) == 4
    for before, after in pairwise(windows):
        # Of the second, each side has Silero's padding and its own.
        assert after.start - before.end == pytest.approx(1.0 - 2 * (0.03 + 0.4), abs=0.04)


def test_spans_far_apart_are_not_put_into_one_window() -> None:
    found = sure((chunks(1), 0.9), (chunks(12), 0.0), (chunks(1), 0.9), (chunks(3), 0.0))
    windows = windows_of(speech_spans(found), found, len(found) * CHUNK_SECONDS)
    assert [(round(w.start, 1), round(w.end, 1)) for w in windows] == [(0.0, 1.4), (12.6, 14.4)]


def test_a_monologue_is_cut_where_speech_is_least_probable() -> None:
    found = sure((chunks(20), 0.95), (3, 0.6), (chunks(20), 0.95))
    (span,) = speech_spans(found)
    first, second = windows_of((span,), found, len(found) * CHUNK_SECONDS)
    dip = 20 + 1.5 * CHUNK_SECONDS
    assert first.end == second.start == pytest.approx(dip, abs=0.02)


def test_a_monologue_of_an_hour_takes_the_least_number_of_windows() -> None:
    found = sure((chunks(3600), 0.95))
    (span,) = speech_spans(found)
    windows = windows_of((span,), found, len(found) * CHUNK_SECONDS)
    # Places to cut are a second apart.
    assert 120 <= len(windows) <= 125


def test_the_end_of_the_sound_bounds_the_last_window() -> None:
    spans = (Span(start=0.5, end=2.0),)
    assert windows_of(spans, sure((63, 0.9)), 2.005) == (Span(start=0.1, end=2.005),)
