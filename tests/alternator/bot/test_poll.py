import threading
from collections.abc import Iterator

import pytest
from waiting import wait_for

from alternator.bot.health import Health
from alternator.bot.outage import Outage
from alternator.bot.poll import Poll
from alternator.errors import TemporaryServerError
from alternator.stopping import Stop


class Looks:
    """A finder of posts that meets one thing after the other, and then finds nothing."""

    def __init__(self) -> None:
        self.to_come: list[int | Exception] = []
        self.count = 0

    def look(self) -> int:
        self.count += 1
        result = self.to_come.pop(0) if self.to_come else 0
        if isinstance(result, Exception):
            raise result
        return result


@pytest.fixture
def looks() -> Looks:
    return Looks()


@pytest.fixture
def found() -> list[None]:
    """Has an entry for each time that something was found."""
    return []


@pytest.fixture
def recovered() -> list[None]:
    """Has an entry for each end of an outage."""
    return []


@pytest.fixture
def poll(looks: Looks, found: list[None], recovered: list[None]) -> Iterator[Poll]:
    """A poll that looks once an hour unless it is told to."""
    stop = Stop()
    poll = Poll(
        looks,  # type: ignore[arg-type]  # only its one method counts
        Outage(Health(), stop),
        stop,
        found=lambda: found.append(None),
        recovered=lambda: recovered.append(None),
        interval=lambda: 3600.0,
    )
    yield poll
    stop.request()
    poll.look_now()
    poll.join(10)
    assert not poll.is_alive()


def test_it_looks_at_once_when_told_to(poll: Poll, looks: Looks, found: list[None]):
    looks.to_come = [0, 2]
    poll.start()
    wait_for(lambda: looks.count == 1)
    assert found == []
    poll.look_now()
    wait_for(lambda: looks.count == 2)
    wait_for(lambda: found == [None])


def test_an_outage_does_not_end_it_and_its_end_is_told(
    poll: Poll, looks: Looks, found: list[None], recovered: list[None]
):
    looks.to_come = [TemporaryServerError("down"), TemporaryServerError("down"), 1]
    poll.start()
    wait_for(lambda: recovered)
    assert found == recovered == [None]
    assert looks.count == 3
    poll.look_now()
    wait_for(lambda: looks.count == 4)
    assert recovered == [None]


@pytest.mark.parametrize(
    "trouble", [ValueError("a page"), TemporaryServerError("busy", retry_after=1.8e12)]
)
def test_nothing_ends_it(
    poll: Poll,
    looks: Looks,
    found: list[None],
    trouble: Exception,
    monkeypatch: pytest.MonkeyPatch,
):
    complaints: list[object] = []
    monkeypatch.setattr(threading, "excepthook", complaints.append)
    looks.to_come = [trouble, 1]
    poll.start()
    wait_for(lambda: looks.count == 1)
    # Whatever it waits for, a new connection of the stream has it look at once.
    wait_for(lambda: poll.look_now() or found)
    assert complaints == []
