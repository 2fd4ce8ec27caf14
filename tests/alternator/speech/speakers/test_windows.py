"""The windows that the network hears."""

import numpy as np
import pytest

from alternator.speech.cutting import SAMPLE_RATE, Span
from alternator.speech.speakers.windows import (
    LOUDNESS,
    STEP,
    WINDOW,
    Window,
    rows_of,
    seconds_of,
    windows_of,
)


@pytest.mark.parametrize("seconds", [0.1, 1.6, 1.61, 2.0, 2.01, 3.7, 60.0])
def test_windows_are_laid_evenly_over_all_of_a_span(seconds: float) -> None:
    span = Span(start=0.5, end=0.5 + seconds)
    windows = windows_of([span])
    first, last = round(0.5 * SAMPLE_RATE), round(span.end * SAMPLE_RATE)
    assert windows[0].first == first and windows[-1].last == last
    steps = np.diff([window.first for window in windows])
    assert all(0 < step <= STEP for step in steps) and (len(steps) == 0 or np.ptp(steps) <= 1)
    assert all(window.last - window.first == min(WINDOW, last - first) for window in windows)
    assert float(seconds_of(windows).sum()) == pytest.approx(seconds, abs=1e-3)


def test_no_window_holds_sound_of_two_spans() -> None:
    spans = [Span(start=0.0, end=1.0), Span(start=1.1, end=3.0), Span(start=3.2, end=3.4)]
    windows = windows_of(spans)
    assert [window.span for window in windows] == [0, 1, 1, 2]
    for window in windows:
        span = spans[window.span]
        assert span.start * SAMPLE_RATE <= window.first < window.last <= span.end * SAMPLE_RATE


def test_quiet_windows_are_made_louder_and_short_ones_said_again() -> None:
    tone = np.sin(np.arange(40_000) * 0.2).astype(np.float32)
    windows = [
        Window(first=0, last=WINDOW, span=0),
        Window(first=WINDOW, last=40_000, span=1),
    ]
    quiet = rows_of(tone * np.float32(0.001), windows)
    for row, length in zip(quiet, (WINDOW, 40_000 - WINDOW), strict=True):
        assert float(np.sqrt(np.mean(row[:length] ** 2))) == pytest.approx(LOUDNESS, rel=1e-4)
        assert np.array_equal(row[length:], row[: WINDOW - length])
    loud = rows_of(tone, windows)
    assert np.array_equal(loud[0], tone[:WINDOW])


def test_both_kinds_of_samples_are_the_same_sound() -> None:
    whole = (np.sin(np.arange(WINDOW) * 0.2) * 20_000).astype(np.int16)
    windows = [Window(first=0, last=WINDOW, span=0)]
    as_float = (whole / np.float32(32_768)).astype(np.float32)
    assert np.array_equal(rows_of(whole, windows), rows_of(as_float, windows))


def test_silence_stays_silent() -> None:
    rows = rows_of(np.zeros(WINDOW, np.int16), [Window(first=0, last=WINDOW, span=0)])
    assert not rows.any()
