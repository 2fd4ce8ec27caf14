import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.config.settings import MastodonSettings
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.stream import Stream
from alternator.stopping import Stop
from sandbox.server import SandboxServer
from sandbox.settings import Settings


class Followed:
    """A stream and what it brought."""

    def __init__(self, server: SandboxServer, **options: Any) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.connections = 0
        self.stop = Stop()
        settings = MastodonSettings(instance_url=server.url, access_token=server.token)
        self.stream = Stream(
            MastodonClient(settings),
            server.url,
            self.stop,
            notice=self.notice,
            connected=self.connected,
            **options,
        )
        self.stream.start()
        wait_for(lambda: self.connections)

    def notice(self, status: dict[str, Any]) -> None:
        if status.get("content") == "<p>Trouble</p>":
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
    assert followed.statuses[0]["id"] == status["id"]
    assert followed.statuses[0]["media_attachments"][0]["description"] is None
    server.edit(status["id"], status="Changed")
    wait_for(lambda: len(followed.statuses) == 2)
    assert followed.statuses[1]["content"] == "<p>Changed</p>"


def test_a_broken_stream_is_opened_again(server: SandboxServer, followed: Followed):
    server.drop_streams()
    wait_for(lambda: followed.connections == 2)
    server.post("Hello")
    wait_for(lambda: followed.statuses)


def test_an_event_that_can_not_be_handled_does_not_end_it(
    server: SandboxServer, followed: Followed
):
    server.post("Trouble")
    wait_for(lambda: followed.connections == 2)
    server.post("Hello")
    wait_for(lambda: followed.statuses)


def test_a_silent_stream_is_taken_for_dead():
    with SandboxServer(settings=Settings(heartbeat_seconds=0.2)) as server:
        followed = Followed(server, read_timeout=2.0)
        time.sleep(3)
        assert followed.connections == 1  # heartbeats keep it alive
        server.mute_streams()
        wait_for(lambda: followed.connections == 2)
        followed.stop.request()


def test_it_ends_when_asked_to(server: SandboxServer, followed: Followed):
    followed.stop.request()
    server.drop_streams()
    followed.stream.join(10)
    assert not followed.stream.is_alive()
