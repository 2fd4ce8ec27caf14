import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from alternator.stopping import Stop, Stopping

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


@pytest.fixture
def stop() -> Iterator[Stop]:
    """A stop that listens to signals, as long as the test lasts."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    stop = Stop()
    stop.on_signals()
    yield stop
    for number, handler in before.items():
        signal.signal(number, handler)


def send(delay: float = 0.2) -> None:
    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGTERM)).start()


def test_a_signal_breaks_off_what_is_at_work(stop: Stop):
    send()
    started = time.monotonic()
    with pytest.raises(Stopping):
        time.sleep(30)
    assert time.monotonic() - started < 10
    assert stop.requested


def test_a_shielded_stretch_is_finished_first(stop: Stop):
    done = []
    with pytest.raises(Stopping), stop.shielded():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.2)
        done.append("the edit")
    assert done == ["the edit"]


def test_a_shielded_stretch_that_does_not_end_is_broken_off(
    stop: Stop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.stopping.SHIELD_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(Stopping), stop.shielded():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(30)
    assert time.monotonic() - started < 10


def test_a_second_signal_does_not_disturb_the_end(stop: Stop):
    with pytest.raises(Stopping):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.1)


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


def test_stopping_is_not_taken_for_an_error_of_an_attachment():
    assert not issubclass(Stopping, Exception)
