"""The hub against the sandbox: many accounts' streams in one loop."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fast_clock import FastClock
from waiting import wait_for

from alternator.config.settings import MastodonSettings
from alternator.errors import StateError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.mastodon.streams.events import EventReader
from alternator.mastodon.streams.hub import Followed, StreamHub
from alternator.mastodon.streams.ways import websocket_of
from alternator.stopping import Stop
from sandbox.server import SandboxServer

PATH = "/api/v1/streaming"


class Heard:
    """One account in the hub, and what its stream brought."""

    def __init__(self, server: SandboxServer, hub: StreamHub, speed: float = 20.0) -> None:
        self.statuses: list[Status] = []
        self.threads: set[str] = set()
        self.opened = 0
        self.deaf = False
        settings = MastodonSettings(instance_url=server.url, access_token=server.token)
        client = MastodonClient(settings)
        self.stop = Stop(FastClock(speed))
        source = websocket_of(settings, client.instance())
        assert source is not None
        reader = EventReader(client.verify().id)
        self.followed = Followed(source, reader, self.stop, self)
        hub.follow(self.followed)

    def notice(self, status: Status) -> None:
        self.threads.add(threading.current_thread().name)
        if status.content == "<p>Trouble</p>":
            raise StateError("the state can't be written")
        self.statuses.append(status)

    def look_now(self) -> None:
        self.opened += 1

    def is_deaf(self, connection: int) -> bool:
        return self.deaf


@pytest.fixture
def hub() -> Iterator[StreamHub]:
    with ThreadPoolExecutor(2, thread_name_prefix="pool") as pool:
        hub = StreamHub(pool)
        hub.start()
        try:
            yield hub
        finally:
            hub.close()


def test_many_streams_take_one_thread(server: SandboxServer, hub: StreamHub):
    before = set(threading.enumerate())
    several = [Heard(server, hub) for _ in range(20)]
    wait_for(lambda: all(one.followed.connection for one in several))
    post = server.post("Hello")
    wait_for(lambda: all(one.statuses for one in several))
    assert {status.id for one in several for status in one.statuses} == {post["id"]}
    # The server's threads are its own, and other tests' may live on; ours are the pool's.
    new = set(threading.enumerate()) - before
    assert not [one for one in new if "asyncio" in one.name]
    assert {name.partition("_")[0] for one in several for name in one.threads} == {"pool"}


def test_a_stream_that_breaks_off_is_opened_again(server: SandboxServer, hub: StreamHub):
    heard = Heard(server, hub)
    wait_for(lambda: heard.followed.connection == 1)
    server.drop_streams()
    wait_for(lambda: heard.followed.connection == 2)
    assert heard.opened == 2
    server.post("Again")
    wait_for(lambda: len(heard.statuses) == 1)


def test_nothing_is_followed_once_all_are_closed(server: SandboxServer, hub: StreamHub):
    """An account's turn may still be under way when a watcher ends."""
    hub.close()
    late = Heard(server, hub)
    assert late.followed.task is None
    hub.leave(late.followed)
    assert server.open_streams() == 0


def test_one_that_leaves_closes_its_connection_alone(server: SandboxServer, hub: StreamHub):
    one, other = Heard(server, hub), Heard(server, hub)
    wait_for(lambda: one.followed.connection and other.followed.connection)
    assert server.open_streams() == 2
    hub.leave(one.followed)
    wait_for(lambda: server.open_streams() == 1)
    wait_for(lambda: one.followed.connection == 0)  # the server may see it before the hub's thread
    assert other.followed.connection == 1


def test_a_state_that_fails_ends_no_stream_for_good(server: SandboxServer, hub: StreamHub):
    heard, other = Heard(server, hub), Heard(server, hub)
    wait_for(lambda: heard.followed.connection and other.followed.connection)
    server.post("Trouble")
    wait_for(lambda: {heard.followed.connection, other.followed.connection} == {2})
    server.post("Fine")
    wait_for(lambda: heard.statuses and other.statuses)


def test_a_deaf_one_is_opened_anew(server: SandboxServer, hub: StreamHub):
    heard = Heard(server, hub)
    wait_for(lambda: heard.followed.connection == 1)
    heard.deaf = True
    server.post("Not told")
    wait_for(lambda: heard.followed.connection != 1)
    heard.deaf = False
    wait_for(lambda: heard.followed.connection > 1)


def test_a_refused_stream_is_told_once(
    server: SandboxServer, hub: StreamHub, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    server.fail(PATH, status=404)
    server.fail(PATH, status=404)
    heard = Heard(server, hub)
    wait_for(lambda: "no stream of events" in caplog.text)
    assert heard.followed.connection == 0
    assert caplog.text.count("posts are looked for") == 1


def test_closing_ends_every_connection(server: SandboxServer, hub: StreamHub):
    heard = [Heard(server, hub) for _ in range(3)]
    wait_for(lambda: all(one.followed.connection for one in heard))
    hub.close()
    wait_for(lambda: server.open_streams() == 0)
