import logging

import pytest
from fast_clock import FastClock

from alternator.bot.chores import REFUSED_SECONDS, Chores, Turn
from alternator.errors import ForbiddenError, TemporaryServerError, TemporaryStateError


class Counted:
    """A chore that meets what it is told to."""

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
def chore() -> Counted:
    return Counted()


@pytest.fixture
def chores(chore: Counted, clock: FastClock) -> Chores:
    return Chores([Turn(chore=chore, seconds=30.0)], clock)


def test_each_is_done_in_its_time_and_at_once_when_it_is_due(
    chores: Chores, chore: Counted, clock: FastClock
):
    chores.do_due()
    chores.do_due()
    assert chore.done == [False]
    chore.is_due = True
    chores.do_due()
    chore.is_due = False
    clock.skip(30)
    chores.do_due()
    chores.do_all()
    assert chore.done == [False, False, False, True]


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
    chores: Chores, chore: Counted, clock: FastClock, error: Exception, wait: float
):
    chore.error = error
    chores.do_due()
    clock.skip(wait - 1)
    chores.do_due()
    assert len(chore.done) == 1
    clock.skip(1)
    chores.do_due()
    assert len(chore.done) == 2


def test_what_fails_for_the_same_reason_is_said_once(
    chores: Chores, chore: Counted, clock: FastClock, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="alternator")
    chore.error = ForbiddenError("no scope")
    for _ in range(3):
        chores.do_due()
        clock.skip(REFUSED_SECONDS)
    assert caplog.messages == ["an author could not be asked or told: no scope"]
