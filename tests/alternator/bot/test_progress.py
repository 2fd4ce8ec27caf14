import threading
import time

import pytest

from alternator.bot.progress import SLICE_SECONDS, BotProgress
from alternator.clock import Clock
from alternator.stopping import Stop, Stopping


class Beats:
    """Counts what it hears."""

    def __init__(self) -> None:
        self.count = 0

    def beat(self) -> None:
        self.count += 1


def test_a_beat_is_heard_and_ends_the_work_once_that_is_asked_for():
    beats, stop = Beats(), Stop()
    progress = BotProgress(stop, beats)
    progress.beat()
    stop.request()
    with pytest.raises(Stopping):
        progress.beat()
    assert beats.count == 2


class Waits(Clock):
    """A time that goes on by what is waited for, and by nothing else."""

    def __init__(self) -> None:
        self.made: list[float] = []

    def monotonic(self) -> float:
        return sum(self.made)

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.made.append(seconds)
        return event.is_set()


def test_a_pause_is_no_silence():
    beats, waits = Beats(), Waits()
    BotProgress(Stop(waits), beats).pause(2.5 * SLICE_SECONDS)
    assert waits.made == [SLICE_SECONDS, SLICE_SECONDS, 0.5 * SLICE_SECONDS]
    assert beats.count == 4


def test_a_pause_that_is_over_is_none():
    beats, waits = Beats(), Waits()
    BotProgress(Stop(waits), beats).pause(-1.0)
    assert waits.made == []
    assert beats.count == 1


def test_a_pause_ends_as_soon_as_the_end_is_asked_for():
    stop = Stop()
    threading.Thread(target=stop.request).start()
    started = time.monotonic()
    with pytest.raises(Stopping):
        BotProgress(stop).pause(3600.0)
    assert time.monotonic() - started < 10


def test_work_waits_in_the_time_of_whoever_waits_for_it() -> None:
    stop = Stop(Clock())
    assert BotProgress(stop).clock is stop.clock
