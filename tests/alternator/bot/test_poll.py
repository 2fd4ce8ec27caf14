import logging
import threading
from collections.abc import Iterator

import pytest
from fast_clock import FastClock
from waiting import wait_for

from alternator.accounts.health import AccountHealth
from alternator.bot.find_posts import Look
from alternator.bot.poll import Poll
from alternator.errors import StateError, TemporaryServerError
from alternator.stopping import Stop


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
        return 7 * 86400.0


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def poll(looks: Looks, events: Events) -> Iterator[Poll]:
    stop = Stop(FastClock())
    poll = Poll(looks, AccountHealth(), stop, events)
    yield poll
    stop.request()
    poll.look_now()
    poll.join(10)
    assert not poll.is_alive()


def test_it_looks_at_once_when_told_to(poll: Poll, looks: Looks, events: Events):
    looks.to_come = [0, 2]
    poll.start()
    wait_for(lambda: looks.count == 1)
    assert events.finds == 0
    poll.look_now()
    wait_for(lambda: events.finds)
    assert (looks.count, events.finds) == (2, 1)


def test_an_outage_does_not_end_it_and_its_end_is_told(poll: Poll, looks: Looks, events: Events):
    looks.to_come = [TemporaryServerError("down"), TemporaryServerError("down"), 1]
    poll.start()
    wait_for(lambda: events.recoveries)
    assert (looks.count, events.finds) == (3, 1)
    poll.look_now()
    wait_for(lambda: looks.count == 4)
    assert events.recoveries == 1


@pytest.mark.parametrize(
    "trouble", [ValueError("a page"), TemporaryServerError("busy", retry_after=1.8e12)]
)
def test_nothing_ends_it(
    poll: Poll,
    looks: Looks,
    events: Events,
    trouble: Exception,
    monkeypatch: pytest.MonkeyPatch,
):
    complaints: list[object] = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    looks.to_come = [trouble, 1]
    poll.start()
    wait_for(lambda: looks.count == 1)

    def found_at_once() -> int:
        """Whatever it waits for, a new connection of the stream has it look at once."""
        poll.look_now()
        return events.finds

    wait_for(found_at_once)
    assert complaints == []


def test_a_defect_is_an_error_in_the_log_once_with_its_trace(
    poll: Poll, looks: Looks, events: Events, caplog: pytest.LogCaptureFixture
):
    looks.to_come = [ValueError("a page"), 1]
    poll.start()
    wait_for(lambda: events.finds)
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (
        logging.ERROR,
        "looking through the posts failed",
    )
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_what_the_operator_can_mend_is_told_without_a_trace(
    poll: Poll, looks: Looks, events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    full, locked = StateError("the disk is full"), StateError("the file is locked")
    looks.to_come = [full, full, locked, full, 1]
    poll.start()
    wait_for(lambda: events.finds)
    told = [(record.getMessage(), bool(record.exc_info)) for record in caplog.records]
    # Once for each change, not for each look.
    assert told == [
        ("looking through the posts failed: the disk is full", False),
        ("looking through the posts failed: the file is locked", False),
        ("looking through the posts failed: the disk is full", False),
    ]


def test_what_a_look_found_before_it_failed_is_at_work_at_once(
    poll: Poll, looks: Looks, events: Events
):
    looks.to_come = [Look(found=1, trouble=TemporaryServerError("busy")), 0]
    poll.start()
    wait_for(lambda: events.recoveries)
    assert (events.finds, looks.count) == (1, 2)


def test_the_trace_of_a_defect_is_told_once(
    poll: Poll, looks: Looks, events: Events, caplog: pytest.LogCaptureFixture
) -> None:
    looks.to_come = [ValueError("page 1"), ValueError("page 2"), KeyError("id"), 1]
    poll.start()
    wait_for(lambda: events.finds)
    assert [(record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [
        ("looking through the posts failed", True),
        ("looking through the posts failed, as before: ValueError: page 2", False),
        ("looking through the posts failed", True),
    ]
