"""The stream against the sandbox: which way is taken, what each failure leads to."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from fast_clock import FastClock
from waiting import wait_for

from alternator.bot.attendance import Attendance
from alternator.config.settings import MastodonSettings
from alternator.errors import StateError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.mastodon.streams.events import EventReader, EventSource
from alternator.mastodon.streams.follow import Stream
from alternator.mastodon.streams.sse import SseSource
from alternator.mastodon.streams.ways import ways_to_hear
from alternator.mastodon.streams.websocket import WebSocketSource
from alternator.stopping import Stop
from alternator.web.session import WebSession
from sandbox.model.streams import Event
from sandbox.params import Json
from sandbox.server import SandboxServer
from sandbox.settings import Settings

BY_SSE, BY_WEBSOCKET = "/api/v1/streaming/user", "/api/v1/streaming"


class Followed:
    """A stream and what it brought."""

    def __init__(
        self, server: SandboxServer, ways: tuple[EventSource, ...] | None, speed: float
    ) -> None:
        self.statuses: list[Status] = []
        self.connections = 0
        clock = FastClock(speed)
        self.stop = Stop(clock)
        self.attendance = Attendance(clock)
        settings = MastodonSettings(instance_url=server.url, access_token=server.token)
        client = MastodonClient(settings)
        if ways is None:
            ways = ways_to_hear(settings, client.instance())
        self.stream = Stream(ways, EventReader(client.verify().id), self.stop, self)
        self.stream.start()

    def notice(self, status: Status) -> None:
        if status.content == "<p>Trouble</p>":
            raise ValueError("a post that can't be understood")
        self.attendance.heard(status.id)
        self.statuses.append(status)

    def look_now(self) -> None:
        self.connections += 1

    def is_deaf(self, connection: int) -> bool:
        return self.attendance.is_deaf(connection)


def exceeds(followed: Followed, connections: int) -> bool:
    return followed.connections > connections


Follow = Callable[..., Followed]


@pytest.fixture
def follow(server: SandboxServer) -> Iterator[Follow]:
    made: list[Followed] = []

    def make(server: SandboxServer = server, *ways: EventSource, speed: float = 50.0) -> Followed:
        made.append(Followed(server, ways or None, speed))
        return made[-1]

    yield make
    for followed in made:
        followed.stop.request()


def quick_ways(server: SandboxServer) -> tuple[EventSource, EventSource]:
    """Both ways, with a silence of a second."""
    session = WebSession()
    url = f"{server.url}{BY_SSE}?access_token={server.token}"
    socket = f"ws{server.url.removeprefix('http')}{BY_WEBSOCKET}?stream=user"
    return (
        SseSource(session, url, silence_seconds=1.0),
        WebSocketSource(socket, server.token, "test", silence_seconds=1.0),
    )


@pytest.mark.parametrize(
    ("streaming", "path"),
    [("both", BY_SSE), ("sse", BY_SSE), ("websocket", BY_WEBSOCKET)],
)
def test_new_and_edited_posts_are_brought_by_the_way_that_the_server_has(
    follow: Follow, picture: Path, streaming, path: str
):
    with SandboxServer(settings=Settings(streaming=streaming)) as server:
        followed = follow(server)
        wait_for(lambda: followed.connections)
        answered = [r["path"] for r in server.requests() if r["answer"] in (101, 200)]
        assert answered[-1] == path
        status = server.post("Look", files=[picture])
        wait_for(lambda: followed.statuses)
        assert followed.statuses[0].id == status["id"]
        assert followed.statuses[0].attachments[0].lacks_description
        server.edit(status["id"], status="Changed")
        wait_for(lambda: len(followed.statuses) == 2)
        assert followed.statuses[1].content == "<p>Changed</p>"


@pytest.mark.parametrize("answer", [400, 403, 404, 405, 410, 426, 501, 307])
def test_a_way_that_is_refused_makes_room_for_the_next_at_once(
    server: SandboxServer, follow: Follow, answer: int
):
    elsewhere = {"Location": "http://127.0.0.1:9/"}
    server.fail(BY_SSE, status=answer, headers=elsewhere, times=None)
    followed = follow()
    wait_for(lambda: followed.connections)
    server.post("Hello")
    wait_for(lambda: followed.statuses)
    tried = [(r["path"], r["answer"]) for r in server.requests(path=f"{BY_WEBSOCKET}*")]
    assert tried == [(BY_SSE, answer), (BY_WEBSOCKET, 101)]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"drop": True},
        {"status": 200, "body": "<html>Just a moment</html>"},
        {"status": 429},
    ],
    ids=["503", "drop", "html", "429"],
)
def test_a_way_that_fails_makes_room_for_the_next(server: SandboxServer, follow: Follow, fault):
    server.fail(BY_SSE, times=None, **fault)
    followed = follow()
    wait_for(lambda: followed.connections)
    server.post("Hello")
    wait_for(lambda: followed.statuses)


@pytest.mark.parametrize("answer", [401, 403, 404, 426, 503])
def test_without_a_websocket_events_are_sent_events(follow: Follow, answer: int):
    """As a proxy answers that passes no WebSockets on."""
    with SandboxServer(settings=Settings(streaming="both")) as server:
        server.fail(BY_WEBSOCKET, status=answer, times=None)
        by_sse, by_websocket = quick_ways(server)
        followed = follow(server, by_websocket, by_sse)
        wait_for(lambda: followed.connections)
        server.post("Hello")
        wait_for(lambda: followed.statuses)


def test_without_any_way_it_is_said_once_and_tried_again_for_ever(
    follow: Follow, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", logger="alternator")
    with SandboxServer(settings=Settings(streaming="none")) as server:
        followed = follow(server, *quick_ways(server), speed=1000.0)
        # Ten minutes of its time lie between two rounds.
        wait_for(lambda: len(server.requests(path=BY_SSE)) == 2, timeout_s=60)
        assert followed.connections == 0
        (told,) = [r for r in caplog.records if "no stream of events" in r.getMessage()]
        assert told.levelname == "INFO"


def test_a_broken_stream_is_opened_again(server: SandboxServer, follow: Follow):
    followed = follow()
    wait_for(server.open_streams)
    for _ in range(2):
        before = followed.connections
        server.drop_streams()
        wait_for(partial(exceeds, followed, before))
        wait_for(server.open_streams)
    server.post("Hello")
    wait_for(lambda: followed.statuses)


def test_an_outage_is_waited_for_longer_and_longer_and_ends_by_itself(
    server: SandboxServer, follow: Follow
):
    followed = follow()
    wait_for(lambda: followed.connections)
    server.fail("/api/v1/streaming*", status=502, times=None)
    before = followed.stop.clock.monotonic()
    server.drop_streams()
    wait_for(lambda: len(server.requests(path="/api/v1/streaming*")) > 8, timeout_s=60)
    # Waits of 2, 4, 8 … 60 s with chance in them: half as long at least.
    assert followed.stop.clock.monotonic() - before > (2 + 4 + 8 + 16 + 32) / 2
    server.sandbox.faults.clear()
    wait_for(lambda: followed.connections == 2, timeout_s=60)


def test_an_event_that_is_no_status_is_left_out(
    server: SandboxServer, follow: Follow, caplog: pytest.LogCaptureFixture
):
    followed = follow()
    wait_for(server.open_streams)
    payloads: list[Json] = [
        {"error": "busy"},
        None,
        [],
        "text",
        {"id": "1"},
        '{"cut": ',
        "[" * 99_999,
    ]
    for payload in payloads:
        for name in ("update", "status.update"):
            server.sandbox.hub.publish(Event(name=name, payload=payload))
    server.sandbox.hub.publish(Event(name="delete", payload="1"))
    server.sandbox.hub.publish(Event(name="no.such.event", payload={}))
    server.post("Hello")
    wait_for(lambda: followed.statuses)
    assert followed.connections == 1
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert any("an event of the stream is left out" in r.getMessage() for r in caplog.records)


@pytest.mark.parametrize("streaming", ["sse", "websocket"])
def test_a_flood_of_events_is_taken_as_it_comes(follow: Follow, streaming):
    with SandboxServer(settings=Settings(streaming=streaming)) as server:
        followed = follow(server)
        wait_for(server.open_streams)
        status = server.post("Hello", token="neighbour")
        event = Event(name="update", payload=server.sandbox.store.status(status["id"]))
        for _ in range(1000):
            server.sandbox.hub.publish(event)
        own = server.post("Hello")
        wait_for(lambda: followed.statuses)
        # What others post is no business of the account's.
        assert [found.id for found in followed.statuses] == [own["id"]]
        assert followed.connections == 1


@pytest.mark.parametrize("streaming", ["sse", "websocket"])
def test_an_endless_event_ends_the_connection_and_not_the_stream(
    follow: Follow, streaming, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.mastodon.streams.sse.MOST_BYTES", 10_000)
    monkeypatch.setattr("alternator.mastodon.streams.websocket.MOST_BYTES", 10_000)
    with SandboxServer(settings=Settings(streaming=streaming)) as server:
        followed = follow(server)
        wait_for(server.open_streams)
        server.sandbox.hub.publish(Event(name="update", payload="x" * 20_000))
        wait_for(lambda: followed.connections == 2)
        wait_for(server.open_streams)
        server.post("Hello")
        wait_for(lambda: followed.statuses)


def test_a_defect_that_an_event_brings_out_does_not_end_it(
    server: SandboxServer, follow: Follow, caplog: pytest.LogCaptureFixture
):
    followed = follow()
    wait_for(server.open_streams)
    server.post("Trouble")
    wait_for(lambda: followed.connections == 2)
    wait_for(server.open_streams)
    server.post("Hello")
    wait_for(lambda: followed.statuses)
    (defect,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert defect.getMessage() == "the stream broke off"
    assert defect.exc_info is not None


def test_what_the_operator_can_mend_is_told_once_and_without_a_trace(
    server: SandboxServer,
    follow: Follow,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(_followed: Followed, status: Status) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(Followed, "notice", full)
    followed = follow()
    for _ in range(2):
        wait_for(server.open_streams)
        before = followed.connections
        server.post("Hello")
        wait_for(partial(exceeds, followed, before))
    (record,) = caplog.records
    assert record.getMessage() == "the stream broke off: the disk is full"
    assert not record.exc_info


def test_a_stream_that_falls_silent_is_taken_for_dead(follow: Follow):
    with SandboxServer(settings=Settings(streaming="sse", heartbeat_seconds=0.1)) as server:
        followed = follow(server, quick_ways(server)[0])
        wait_for(server.open_streams)
        started = time.monotonic()
        # Fifteen heartbeats take longer than the silence that is waited for.
        wait_for(lambda: time.monotonic() - started > 1.5)
        assert followed.connections == 1
        server.mute_streams()
        wait_for(lambda: followed.connections == 2)


def test_a_way_that_never_says_anything_makes_room_for_the_next(follow: Follow):
    with SandboxServer(settings=Settings(heartbeat_seconds=0.1)) as server:
        server.silence_streams("sse")
        followed = follow(server, *quick_ways(server))
        wait_for(lambda: len(server.requests(path=BY_WEBSOCKET)) == 1)
        wait_for(lambda: followed.connections == 2)
        server.post("Hello")
        wait_for(lambda: followed.statuses)


@pytest.mark.parametrize("deaf", ["sse", "websocket"])
def test_a_way_that_lives_and_does_not_tell_of_posts_makes_room_for_the_next(
    follow: Follow, deaf, caplog: pytest.LogCaptureFixture
):
    with SandboxServer(settings=Settings(heartbeat_seconds=0.1)) as server:
        server.deafen_streams(deaf)
        by_sse, by_websocket = quick_ways(server)
        ways = (by_sse, by_websocket) if deaf == "sse" else (by_websocket, by_sse)
        followed = follow(server, *ways)
        wait_for(lambda: followed.stream.connection > 0)
        status = server.post("Hello")
        # Two looks during the connection: what the second one found was made during it.
        followed.attendance.looked([], followed.stream.connection)
        followed.attendance.looked([status["id"]], followed.stream.connection)
        wait_for(lambda: followed.connections == 2)
        assert "no word of new posts" in caplog.text
        heard = server.post("Hello again")
        wait_for(lambda: followed.statuses)
        assert followed.statuses[0].id == heard["id"]


def test_it_ends_when_asked_to(server: SandboxServer, follow: Follow):
    followed = follow()
    wait_for(server.open_streams)
    followed.stop.request()
    server.drop_streams()
    followed.stream.join(10)
    assert not followed.stream.is_alive()
