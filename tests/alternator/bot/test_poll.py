import logging

import pytest
from fast_clock import FastClock

from alternator.accounts.health import AccountHealth
from alternator.bot.find_posts import Look
from alternator.bot.poll import Poll
from alternator.errors import StateError, TemporaryServerError
from alternator.stopping import Stop, Stopping

WEEK_SECONDS = 7 * 86400.0


class Looks:
    """A finder of posts that meets one thing after the other, and then finds nothing."""

    def __init__(self) -> None:
        self.to_come: list[int | Look | Exception] = []
        self.count = 0

    def look(self) -> Look:
        self.count += 1
        result = self.to_come.pop(0) if self.to_come else 0
        if isinstance(result, Exception):
            raise result
        return result if isinstance(result, Look) else Look(found=result)


class Events:
    """Counts what it is told, and wants a look once a week unless it is asked for."""

    def __init__(self) -> None:
        self.finds = 0
        self.recoveries = 0

    def found(self) -> None:
        self.finds += 1

    def recovered(self) -> None:
        self.recoveries += 1

    def interval(self) -> float:
        return WEEK_SECONDS


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def clock() -> FastClock:
    return FastClock(speed=0.001)


@pytest.fixture
def poll(looks: Looks, events: Events, clock: FastClock) -> Poll:
    return Poll(looks, AccountHealth(), Stop(clock), events)


def until_found(poll: Poll, events: Events, clock: FastClock) -> None:
    """Ask whether a look is due, as the main thread does, until one found something."""
    for _ in range(1000):
        poll.look_if_due()
        if events.finds:
            return
        clock.skip(1.0)
    raise AssertionError("nothing was found in 1000 s")


def test_it_looks_when_it_is_time_to_and_at_once_when_told_to(
    poll: Poll, looks: Looks, events: Events, clock: FastClock
):
    looks.to_come = [0, 2]
    poll.look_if_due()
    poll.look_if_due()
    assert (looks.count, events.finds) == (1, 0)
    poll.look_now()
    poll.look_if_due()
    assert (looks.count, events.finds) == (2, 1)
    clock.skip(WEEK_SECONDS - 1.0)
    poll.look_if_due()
    assert looks.count == 2
    clock.skip(2.0)
    poll.look_if_due()
    assert looks.count == 3


def test_who_asks_during_a_look_is_answered_by_another(looks: Looks, events: Events):
    class Asking(Looks):
        def look(self) -> Look:
            if self.count == 0:
                asked.look_now()
            return super().look()

    asking = Asking()
    asked = Poll(asking, AccountHealth(), Stop(FastClock()), events)
    for _ in range(3):
        asked.look_if_due()
    assert asking.count == 2


def test_an_outage_does_not_end_it_and_its_end_is_told(
    poll: Poll, looks: Looks, events: Events, clock: FastClock
):
    looks.to_come = [TemporaryServerError("down"), TemporaryServerError("down"), 1]
    until_found(poll, events, clock)
    assert (looks.count, events.finds, events.recoveries) == (3, 1, 1)
    poll.look_now()
    poll.look_if_due()
    assert (looks.count, events.recoveries) == (4, 1)


@pytest.mark.parametrize(
    "trouble", [ValueError("a page"), TemporaryServerError("busy", retry_after=1.8e12)]
)
def test_nothing_ends_it(poll: Poll, looks: Looks, events: Events, trouble: Exception):
    looks.to_come = [trouble, 1]
    poll.look_if_due()
    assert looks.count == 1
    # Whatever it waits for, a new connection of the stream has it look at once.
    poll.look_now()
    poll.look_if_due()
    assert events.finds == 1


def test_the_end_that_is_asked_for_ends_it(looks: Looks, events: Events):
    stop = Stop(FastClock())
    poll = Poll(looks, AccountHealth(), stop, events)
    looks.to_come = [StateError("the store is closed")]
    stop.request()
    with pytest.raises(Stopping):
        poll.look_if_due()


def test_a_defect_is_an_error_in_the_log_once_with_its_trace(
    poll: Poll, looks: Looks, events: Events, clock: FastClock, caplog: pytest.LogCaptureFixture
):
    looks.to_come = [ValueError("a page"), 1]
    until_found(poll, events, clock)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (
        logging.ERROR,
        "looking through the posts failed",
    )
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_what_the_operator_can_mend_is_told_without_a_trace(
    poll: Poll, looks: Looks, events: Events, clock: FastClock, caplog: pytest.LogCaptureFixture
) -> None:
    full, locked = StateError("the disk is full"), StateError("the file is locked")
    looks.to_come = [full, full, locked, full, 1]
    until_found(poll, events, clock)
    told = [(record.getMessage(), bool(record.exc_info)) for record in caplog.records]
    # Once for each change, not for each look.
    assert told == [
        ("looking through the posts failed: the disk is full", False),
        ("looking through the posts failed: the file is locked", False),
        ("looking through the posts failed: the disk is full", False),
    ]


def test_what_a_look_found_before_it_failed_is_at_work_at_once(
    poll: Poll, looks: Looks, events: Events, clock: FastClock
):
    looks.to_come = [Look(found=1, trouble=TemporaryServerError("busy")), 0]
    until_found(poll, events, clock)
    clock.skip(60.0)
    poll.look_if_due()
    assert (events.finds, events.recoveries, looks.count) == (1, 1, 2)


def test_the_trace_of_a_defect_is_told_once(
    poll: Poll, looks: Looks, events: Events, clock: FastClock, caplog: pytest.LogCaptureFixture
) -> None:
    looks.to_come = [ValueError("page 1"), ValueError("page 2"), KeyError("id"), 1]
    until_found(poll, events, clock)
    assert [(record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [
        ("looking through the posts failed", True),
        ("looking through the posts failed, as before: ValueError: page 2", False),
        ("looking through the posts failed", True),
    ]
