import logging

import pytest
from fast_clock import FastClock

from alternator.bot.errands import REFUSED_SECONDS, Errands, Turn
from alternator.errors import ForbiddenError, TemporaryServerError, TemporaryStateError


class Counted:
    """An errand that meets what it is told to."""

    def __init__(self) -> None:
        self.is_due = False
        self.done: list[bool] = []
        self.error: Exception | None = None

    def step(self, *, everything: bool = False) -> None:
        self.done.append(everything)
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> FastClock:
    return FastClock(speed=0.0)


@pytest.fixture
def errand() -> Counted:
    return Counted()


@pytest.fixture
def errands(errand: Counted, clock: FastClock) -> Errands:
    return Errands([Turn(errand=errand, seconds=30.0)], clock)


def test_each_is_done_in_its_time_and_at_once_when_it_is_due(
    errands: Errands, errand: Counted, clock: FastClock
):
    errands.do_due()
    errands.do_due()
    assert errand.done == [False]
    errand.is_due = True
    errands.do_due()
    errand.is_due = False
    clock.skip(30)
    errands.do_due()
    errands.do_all()
    assert errand.done == [False, False, False, True]


@pytest.mark.parametrize(
    ("error", "wait"),
    [
        (ForbiddenError("no"), REFUSED_SECONDS),
        (TemporaryServerError("busy", retry_after=100), 100.0),
        (TemporaryServerError("away"), 30.0),
        (TemporaryStateError("locked"), 30.0),
        (RuntimeError("a defect"), REFUSED_SECONDS),
    ],
)
def test_one_that_fails_waits_and_ends_nothing(
    errands: Errands, errand: Counted, clock: FastClock, error: Exception, wait: float
):
    errand.error = error
    errands.do_due()
    clock.skip(wait - 1)
    errands.do_due()
    assert len(errand.done) == 1
    clock.skip(1)
    errands.do_due()
    assert len(errand.done) == 2


def test_what_fails_for_the_same_reason_is_said_once(
    errands: Errands, errand: Counted, clock: FastClock, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="alternator")
    errand.error = ForbiddenError("no scope")
    for _ in range(3):
        errands.do_due()
        clock.skip(REFUSED_SECONDS)
    assert caplog.messages == ["an author could not be asked or told: no scope"]
