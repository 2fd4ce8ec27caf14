from collections.abc import Iterator
from pathlib import Path

import pytest
from fast_clock import FastClock
from waiting import wait_for

from alternator.config.settings import MastodonSettings
from alternator.errors import StateError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.mastodon.stream import Listener, Stream
from alternator.stopping import Stop
from sandbox.model.streams import Event
from sandbox.server import SandboxServer
from sandbox.settings import Settings


class Followed:
    """A stream and what it brought."""

    def __init__(self, server: SandboxServer, *, read_timeout: float = 60.0) -> None:
        self.statuses: list[Status] = []
        self.connections = 0
        self.stop = Stop(FastClock())
        settings = MastodonSettings(instance_url=server.url, access_token=server.token)
        self.stream = Stream(
            MastodonClient(settings),
            server.url,
            self.stop,
            notice=self.notice,
            connected=self.connected,
        )
        self.stream.read_timeout = read_timeout
        self.stream.start()
        wait_for(lambda: self.connections)

    def notice(self, status: Status) -> None:
        if status.content == "<p>Trouble</p>":
            raise ValueError("a post that can't be understood")
        self.statuses.append(status)

    def connected(self) -> None:
        self.connections += 1


@pytest.fixture
def followed(server: SandboxServer) -> Iterator[Followed]:
    followed = Followed(server)
    yield followed
    followed.stop.request()


def test_new_and_edited_posts_are_brought(server: SandboxServer, followed: Followed, picture: Path):
    status = server.post("Look", files=[picture])
    wait_for(lambda: followed.statuses)
    assert followed.statuses[0].id == status["id"]
    assert followed.statuses[0].attachments[0].lacks_description
    server.edit(status["id"], status="Changed")
    wait_for(lambda: len(followed.statuses) == 2)
    assert followed.statuses[1].content == "<p>Changed</p>"


def test_a_broken_stream_is_opened_again(server: SandboxServer, followed: Followed):
    server.drop_streams()
    wait_for(lambda: followed.connections == 2)
    server.post("Hello")
    wait_for(lambda: followed.statuses)


def test_an_event_that_is_no_status_is_left_out(
    server: SandboxServer, followed: Followed, caplog: pytest.LogCaptureFixture
):
    server.sandbox.hub.publish(Event(name="update", payload={"error": "busy"}))
    server.sandbox.hub.publish(Event(name="status.update", payload={"error": "busy"}))
    server.post("Hello")
    wait_for(lambda: followed.statuses)
    assert followed.connections == 1
    messages = [record.getMessage() for record in caplog.records]
    assert sum("an event of the stream is left out" in message for message in messages) == 2


def test_a_defect_that_an_event_brings_out_does_not_end_it(
    server: SandboxServer, followed: Followed, caplog: pytest.LogCaptureFixture
):
    server.post("Trouble")
    wait_for(lambda: followed.connections == 2)
    server.post("Hello")
    wait_for(lambda: followed.statuses)
    (defect,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert defect.getMessage() == "the stream broke off"
    assert defect.exc_info is not None


def test_a_silent_stream_is_taken_for_dead(monkeypatch: pytest.MonkeyPatch):
    heartbeats: list[Listener] = []

    def beat(self: Listener) -> None:
        heartbeats.append(self)

    monkeypatch.setattr(Listener, "handle_heartbeat", beat)
    with SandboxServer(settings=Settings(heartbeat_seconds=0.1)) as server:
        followed = Followed(server, read_timeout=1.0)
        # Fifteen of them take longer than the silence that is waited for.
        wait_for(lambda: len(heartbeats) >= 15)
        assert followed.connections == 1
        server.mute_streams()
        wait_for(lambda: followed.connections == 2)
        followed.stop.request()


def test_it_ends_when_asked_to(server: SandboxServer, followed: Followed):
    followed.stop.request()
    server.drop_streams()
    followed.stream.join(10)
    assert not followed.stream.is_alive()


def test_what_the_operator_can_mend_is_told_without_a_trace(
    server: SandboxServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_followed: Followed, status: Status) -> None:
        raise StateError("the disk is full")

    monkeypatch.setattr(Followed, "notice", full)
    followed = Followed(server)
    server.post("Hello")
    wait_for(lambda: followed.connections == 2)
    followed.stop.request()
    (record,) = caplog.records
    assert record.getMessage() == "the stream broke off: the disk is full"
    assert not record.exc_info
