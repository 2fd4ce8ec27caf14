"""Short files never wait for long ones to be prepared."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from alternator.errors import MediaError
from alternator.media.audio import GoOn
from alternator.speech.batched.preparations import HELPERS, PREPARED_AHEAD, Helpers, Preparations
from alternator.speech.batched.preparing import Prepared
from alternator.speech.engines.engine import CancelledRequestError, Request
from alternator.speech.long_sound import LONG_SECONDS, LongSoundError
from alternator.speech.options import DecodingOptions


class Work:
    """Files of a length, by the names of their requests. Long ones are not done before ``open``."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.threads: dict[str, str] = {}
        self.open = threading.Event()
        self.unwanted: set[str] = set()

    def prepare(self, request: Request, go_on: GoOn) -> Prepared:
        self.begun.append(request.id)
        self.threads[request.id] = threading.current_thread().name
        if request.id.startswith("bad"):
            raise MediaError("it is no sound")
        duration = 2 * LONG_SECONDS if request.id.startswith("long") else 1.0
        go_on(duration)
        while duration > LONG_SECONDS and not self.open.wait(0.01):
            go_on(duration)
        return Prepared(duration=duration, notes=(), language="", begin=None)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def preparations(work: Work) -> Iterator[Preparations]:
    helpers = Helpers.start(lambda: None)
    yield Preparations(helpers, work.prepare, lambda name: name in work.unwanted)
    work.open.set()
    helpers.stop()


def asks(name: str, *, urgent: bool = False) -> Request:
    path = Path("/nowhere") / name
    options = DecodingOptions()
    return Request(id=name, path=path, limit_seconds=None, options=options, urgent=urgent)


def ended(preparations: Preparations, count: int) -> dict[str, Future[Prepared]]:
    """The next so many."""
    found: dict[str, Future[Prepared]] = {}
    until = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < until, found
        preparations.wait(0.1)
        found |= dict(preparations.done())
    return found


def test_many_long_files_are_put_aside_for_short_ones(
    work: Work, preparations: Preparations
) -> None:
    longs = [f"long {number}" for number in range(PREPARED_AHEAD + HELPERS)]
    for name in longs:
        preparations.add(asks(name))
        preparations.begin_long()
    found = ended(preparations, len(longs))
    assert all(isinstance(future.exception(), LongSoundError) for future in found.values())
    assert preparations.has_room()
    for _ in longs:
        preparations.begin_long()
    preparations.add(asks("short"))
    assert list(ended(preparations, 1)) == ["short"]
    work.open.set()
    found = {}
    while len(found) < len(longs):
        preparations.begin_long()
        found |= ended(preparations, 1)
    assert sorted(found) == longs
    assert all(future.result().duration == 2 * LONG_SECONDS for future in found.values())
    assert not preparations
    assert work.begun.index("short") <= len(longs) + HELPERS


def test_long_ones_begin_in_their_order_and_only_when_they_are_told_to(
    work: Work, preparations: Preparations
) -> None:
    work.open.set()
    for name in ("long a", "long b", "long c"):
        preparations.add(asks(name))
        ended(preparations, 1)
    assert not preparations and work.begun == ["long a", "long b", "long c"]
    for name in ("long a", "long b", "long c"):
        preparations.begin_long()
        assert list(ended(preparations, 1)) == [name]


def test_no_more_short_ones_are_taken_than_are_prepared_ahead(preparations: Preparations) -> None:
    for number in range(PREPARED_AHEAD):
        assert preparations.has_room()
        preparations.add(asks(str(number)))
    assert not preparations.has_room()
    ended(preparations, 1)
    assert preparations.has_room()


def test_what_is_urgent_has_a_thread_of_its_own(work: Work, preparations: Preparations) -> None:
    preparations.add(asks("usual"))
    preparations.add(asks("live", urgent=True))
    ended(preparations, 2)
    assert work.threads["live"] != work.threads["usual"]


@pytest.mark.parametrize("moment", ["before it begins", "while it is decoded"])
def test_a_long_one_that_nobody_wants_any_more_ends(
    moment: str, work: Work, preparations: Preparations
) -> None:
    preparations.add(asks("long"))
    ended(preparations, 1)
    if moment == "before it begins":
        work.unwanted.add("long")
    preparations.begin_long()
    work.unwanted.add("long")
    assert isinstance(ended(preparations, 1)["long"].exception(), CancelledRequestError)
    assert not preparations


def test_what_is_wrong_with_a_file_is_its_own(preparations: Preparations) -> None:
    preparations.add(asks("bad"))
    preparations.add(asks("short"))
    found = ended(preparations, 2)
    assert isinstance(found["bad"].exception(), MediaError)
    assert found["short"].result().duration == 1.0
