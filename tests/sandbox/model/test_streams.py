"""What is sent down a stream, and to whom."""

import asyncio
from collections.abc import Iterator

import pytest

from sandbox.model.entities import Visibility
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR, Account, Status
from sandbox.model.serialize import Serializer
from sandbox.model.store import Store
from sandbox.model.streams import DroppedError, Event, Hub, Stream, concerns, encode


@pytest.fixture
def serializer(tmp_path) -> Serializer:
    return Serializer(Store(tmp_path), "http://s")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def event_of(account: Account, visibility: Visibility = "public") -> Event:
    status = Status(id="1", account_id=account.id, created_at=0.0, text="x", visibility=visibility)
    return Event(name="update", payload=status)


@pytest.mark.parametrize(
    ("listener", "event", "expected"),
    [
        (DEMO_ACCOUNT, event_of(DEMO_ACCOUNT, "direct"), True),
        (DEMO_ACCOUNT, event_of(NEIGHBOUR), True),
        (DEMO_ACCOUNT, event_of(NEIGHBOUR, "direct"), False),
        (NEIGHBOUR, event_of(DEMO_ACCOUNT), False),
        (NEIGHBOUR, Event(name="delete", payload="1"), True),
        (None, event_of(NEIGHBOUR, "direct"), True),
    ],
    ids=["own", "followed", "direct", "not-followed", "deletion", "page"],
)
def test_who_hears_what(loop, listener, event, expected):
    assert concerns(event, Stream(account=listener, loop=loop)) is expected


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Event(name="delete", payload="1"), "event: delete\ndata: 1\n\n"),
        (Event(name="x", payload={"ü": [1]}), 'event: x\ndata: {"ü": [1]}\n\n'),
        (Event(name="filters_changed", payload=None), "event: filters_changed\ndata: null\n\n"),
    ],
)
def test_events_on_the_wire(serializer, event, text):
    assert encode(event, serializer) == text


def test_a_stream_greets_beats_and_breaks(serializer):
    async def heard() -> list[str]:
        hub = Hub(heartbeat_seconds=0.01)
        lines = hub.listen(hub.open(DEMO_ACCOUNT), serializer)
        found = [await anext(lines), await anext(lines)]
        hub.publish(Event(name="delete", payload="1"))
        # The event comes from the loop's own queue: a heartbeat may be before it.
        while not found[-1].startswith("event: "):
            found.append(await anext(lines))
        assert hub.drop() == 1
        with pytest.raises(DroppedError):
            while True:
                await anext(lines)
        assert hub.streams == set()
        return found

    found = asyncio.run(heard())
    assert found[:2] == [":)\n", ":thump\n"]
    assert found[-1] == "event: delete\ndata: 1\n\n"


def test_a_server_that_has_stopped_has_nobody_to_tell(loop):
    stream = Stream(account=None, loop=loop)
    loop.close()
    stream.put(Event(name="delete", payload="1"))
    assert stream.events.empty()
