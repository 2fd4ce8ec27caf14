import threading
import time

import pytest
from fast_clock import FastClock

from alternator.bot.progress import SLICE_SECONDS, BotProgress
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


def test_a_pause_is_no_silence():
    beats, clock = Beats(), FastClock(speed=1000.0)
    started = clock.monotonic()
    BotProgress(Stop(clock), beats).pause(10 * SLICE_SECONDS)
    assert clock.monotonic() - started >= 10 * SLICE_SECONDS
    assert beats.count >= 2
    BotProgress(Stop(clock), beats).pause(-1.0)


def test_a_pause_ends_as_soon_as_the_end_is_asked_for():
    stop = Stop()
    threading.Thread(target=stop.request).start()
    started = time.monotonic()
    with pytest.raises(Stopping):
        BotProgress(stop).pause(3600.0)
    assert time.monotonic() - started < 10
