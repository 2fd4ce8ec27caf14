import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from alternator.clock import Clock
from alternator.stopping import Stop, Stopping

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


@pytest.fixture
def stop() -> Iterator[Stop]:
    """A stop that listens to signals, as long as the test lasts."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    stop = Stop()
    stop.on_signals()
    yield stop
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_breaks_off_what_is_at_work(stop: Stop, number: signal.Signals):
    started = time.monotonic()
    with pytest.raises(Stopping):
        threading.Thread(target=os.kill, args=(os.getpid(), number)).start()
        time.sleep(30)
    assert time.monotonic() - started < 10
    assert stop.requested


def test_a_shielded_stretch_is_finished_first(stop: Stop):
    done = []
    with pytest.raises(Stopping), stop.shielded():
        signal.raise_signal(signal.SIGTERM)
        done.append("the edit")
    assert done == ["the edit"]


def test_a_pause_in_a_shielded_stretch_ends_it(stop: Stop):
    done = []
    with pytest.raises(Stopping), stop.shielded():
        signal.raise_signal(signal.SIGTERM)
        stop.pause(30)
        done.append("the edit")
    assert done == []


def test_a_shielded_stretch_that_does_not_end_is_broken_off(
    stop: Stop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.stopping.SHIELD_SECONDS", 0.01)
    started = time.monotonic()
    with pytest.raises(Stopping), stop.shielded():
        signal.raise_signal(signal.SIGTERM)
        time.sleep(30)
    assert time.monotonic() - started < 10


def test_a_second_signal_does_not_disturb_the_end(stop: Stop):
    with pytest.raises(Stopping):
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGINT)


@pytest.mark.timeout(30)
def test_the_handler_waits_for_no_lock_that_the_main_thread_may_hold(stop: Stop):
    # The moments in which a pause begins or ends: its event is locked, by this very thread.
    locks = [value for value in vars(stop).values() if isinstance(value, threading.Event)]
    assert len(locks) == 1
    with locks[0]._cond, pytest.raises(Stopping):  # type: ignore[attr-defined]  # as wait() does
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopping):
        stop.check()


def test_a_pause_in_another_thread_ends(stop: Stop):
    ended = threading.Event()

    def wait() -> None:
        try:
            stop.pause(30)
        except Stopping:
            ended.set()

    threading.Thread(target=wait).start()
    stop.request()
    assert ended.wait(5)


def test_nothing_happens_until_it_is_asked_for(stop: Stop):
    stop.check()
    stop.pause(0)
    with stop.shielded():
        pass
    assert not stop.requested


class Struck(Clock):
    """A wait in which a signal strikes just as it has let go of its own lock."""

    def __init__(self, *, signalled: bool) -> None:
        self.signalled = signalled

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if self.signalled:
            with pytest.raises(Stopping):
                signal.raise_signal(signal.SIGTERM)
        raise RuntimeError("release unlocked lock")


@pytest.mark.usefixtures("stop")  # puts the handlers back
def test_a_signal_in_the_middle_of_a_wait_s_own_lock_is_the_end_and_no_defect():
    struck = Stop(Struck(signalled=True))
    struck.on_signals()
    with pytest.raises(Stopping):
        struck.wait(threading.Event(), 1.0)
    with pytest.raises(Stopping):
        struck.pause(1.0)


def test_a_wait_that_fails_without_a_signal_is_a_defect():
    with pytest.raises(RuntimeError, match="release unlocked lock"):
        Stop(Struck(signalled=False)).wait(threading.Event(), 1.0)


def test_stopping_is_not_taken_for_an_error_of_an_attachment():
    assert not issubclass(Stopping, Exception)


def test_to_end_one_of_several_ends_no_other_and_to_end_the_program_ends_all():
    stop = Stop()
    first, second = stop.child(), stop.child()
    first.request()
    first.request()
    assert first.requested
    assert not second.requested
    assert not stop.requested
    with pytest.raises(Stopping):
        first.pause(60)
    stop.request()
    assert second.requested
    with pytest.raises(Stopping):
        second.pause(60)
    assert stop.child().requested
