"""Requests wait in their order; each is somebody's at any time."""

import threading
from pathlib import Path

import pytest

from alternator.speech.engines.engine import Request
from alternator.speech.options import DecodingOptions
from alternator.speech.worker.inbox import Inbox, NotTakenError


def request(number: str, *, urgent: bool = False) -> Request:
    options = DecodingOptions()
    return Request(id=number, path=Path("x"), limit_seconds=None, options=options, urgent=urgent)


def test_they_are_taken_in_their_order_and_that_is_told_first() -> None:
    started: list[str] = []
    inbox = Inbox(started.append)
    for number in "123":
        inbox.add(request(number))
    assert inbox.take() == request("1") and started == ["1"]
    assert inbox.take() == request("2") and list(inbox.running) == ["1", "2"]
    inbox.finished("1")
    assert list(inbox.running) == ["2"]
    inbox.add(request("4"))
    taken = [inbox.take(), inbox.take(), inbox.take()]
    assert taken == [request("3"), request("4"), None]
    with pytest.raises(NotTakenError, match="request '1', which it had not taken"):
        inbox.finished("1")


def test_urgent_ones_come_first() -> None:
    inbox = Inbox(lambda _: None)
    for number in "1234":
        inbox.add(request(number, urgent=number in "34"))
    assert inbox.take() == request("3", urgent=True)
    assert inbox.take(urgent=True) == request("4", urgent=True)
    assert inbox.take(urgent=True) is None
    assert inbox.take() == request("1")


def test_cancelling() -> None:
    inbox = Inbox(lambda _: None)
    inbox.add(request("1"))
    inbox.add(request("2"))
    inbox.take()
    assert inbox.cancel("2"), "it was still waiting"
    assert inbox.take() is None
    assert not inbox.cancelled("1")
    assert not inbox.cancel("1"), "it runs: its engine has to end it"
    assert inbox.cancelled("1")
    assert not inbox.cancel("7"), "nobody knows it"
    assert not inbox.cancelled("7")


def test_waiting_for_one_to_come() -> None:
    inbox = Inbox(lambda _: None)
    thread = threading.Thread(target=inbox.wait, daemon=True)
    thread.start()
    assert thread.is_alive()
    inbox.add(request("1"))
    thread.join(10)
    assert not thread.is_alive()


def test_one_that_is_closed_ends_the_waiting_and_tells_whether_all_was_answered() -> None:
    inbox = Inbox(lambda _: None)
    inbox.add(request("1"))
    assert inbox.wait()
    inbox.take()
    assert not inbox.close(), "one is still at work"
    inbox.finished("1")
    assert inbox.close()
    assert not inbox.wait()
