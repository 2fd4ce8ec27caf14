"""When an engine is probed, and what comes of it."""

import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from waiting import wait_for

from alternator.errors import AlternatorError, SpeechServerAwayError, TemporaryStateError
from alternator.roles import hearing as hearing_module
from alternator.roles import hearing_again
from alternator.roles.hearing import Hearing
from alternator.roles.hearing_again import HearingAgain
from alternator.stopping import Stop


class Jobs:
    """Counts how often what waits was made due."""

    def __init__(self) -> None:
        self.hurried = 0

    def hurry_speech(self) -> int:
        """The database is away, as it may be."""
        self.hurried += 1
        raise TemporaryStateError("the database can't be reached")


class Engine:
    """Can't be used for ``reasons``, one after the other."""

    def __init__(self) -> None:
        self.reasons: list[Exception] = []
        self.probed = 0

    def probe(self) -> None:
        """Raises the next of them."""
        self.probed += 1
        if self.reasons:
            raise self.reasons.pop(0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing_module, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(hearing_again, "LOOK_SECONDS", 0.01)


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.request()


def test_an_engine_is_probed_until_it_can_be_used(stop: Stop, caplog: pytest.LogCaptureFixture):
    hearing, engine, jobs = Hearing(time.monotonic), Engine(), Jobs()
    HearingAgain(hearing, engine.probe, cast("Any", jobs), stop).start()
    time.sleep(0.1)
    assert engine.probed == 0  # there is no reason to
    away: AlternatorError = SpeechServerAwayError("it is away")
    engine.reasons = [away, ValueError("a defect"), away]
    hearing.failed(away)
    assert not hearing.takes
    wait_for(lambda: hearing.takes)
    assert engine.probed == 4
    wait_for(lambda: jobs.hurried == 1)
    assert "a defect of ours" in caplog.text
    # It goes on, whatever became of the database.
    hearing.failed(away)
    wait_for(lambda: jobs.hurried == 2)


def test_the_end_is_no_failure(stop: Stop):
    """A transcriber that is closed fails what is asked of it."""
    hearing, jobs = Hearing(time.monotonic), Jobs()

    def probe() -> None:
        stop.request()
        raise SpeechServerAwayError("the transcriber was closed")

    again = HearingAgain(hearing, probe, cast("Any", jobs), stop)
    hearing.failed(SpeechServerAwayError("it is away"))
    again.start()
    again._thread.join(10)
    assert not again._thread.is_alive()
    assert hearing.why == "it is away" and jobs.hurried == 0
