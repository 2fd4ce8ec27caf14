"""Rates in words, and the bar."""

import io

import pytest

from alternator.clock import Clock
from alternator.models.rate import Bar, Rate, Told
from alternator.progress import Progress


class StillClock(Clock):
    """Moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_words_with_rate_and_time_left() -> None:
    rate = Rate()
    rate.add(0.0, 0)
    assert rate.words(0, 145e6) == "0 of 145 MB"
    rate.add(10.0, 32e6)
    assert rate.words(32e6, 145e6) == "32 of 145 MB, 3.2 MB/s, 0:35 left"
    assert rate.words(32e6, 30e9) == "32 of 30000 MB, 3.2 MB/s, 2:36:05 left"


def test_the_rate_is_that_of_the_last_seconds_and_begins_anew() -> None:
    rate = Rate()
    for second in range(100):
        rate.add(float(second), 1e6 * second if second < 50 else 50e6)
    assert rate.per_second == 0
    rate.add(101.0, 10)
    assert rate.per_second == 0


def test_the_bar_on_a_terminal(clock: StillClock) -> None:
    stream = Terminal()
    bar = Bar("base", stream, clock)
    for second in range(1, 5):
        clock.seconds += 1
        bar.advanced(second * 25e6, 100e6)
    bar.line("something happened")
    bar.close()
    text = stream.getvalue()
    assert "\rbase  50% [##########          ] 50 of 100 MB, 25.0 MB/s, 0:02 left" in text
    assert "\rbase 100% [####################] 100 of 100 MB, 25.0 MB/s, 0:00 left" in text
    assert text.endswith("\rsomething happened\n")


def test_elsewhere_a_line_now_and_then(clock: StillClock) -> None:
    stream = io.StringIO()
    bar = Bar("base", stream, clock)
    for second in range(1, 41):
        clock.seconds += 1
        bar.advanced(second * 1e6, 100e6)
    assert stream.getvalue().splitlines() == [
        "base: 15 of 100 MB, 1.0 MB/s, 1:25 left",
        "base: 30 of 100 MB, 1.0 MB/s, 1:10 left",
    ]


def test_lines_for_who_reads_a_log(clock: StillClock) -> None:
    class Log(Progress):
        def __init__(self) -> None:
            self.clock = clock
            self.lines: list[str] = []
            self.steps = 0

        def line(self, text: str) -> None:
            self.lines.append(text)

        def advanced(self, done: float, total: float) -> None:
            self.steps += 1

    log = Log()
    told = Told("downloading base", log)
    for second in range(1, 31):
        clock.seconds += 1
        told.advanced(second * 1e6, 100e6)
    assert log.steps == 30
    assert log.lines[0] == "downloading base: 15 of 100 MB, 1.0 MB/s, 1:25 left"
    assert len(log.lines) == 2
