"""The servers behind an address, as a worker sees them and writes them down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

import pytest
from loopback import free_port, listening
from roles_in_threads import Cluster
from speech_server import speech_server
from waiting import wait_for

from alternator.errors import TemporaryStateError
from alternator.roles import servers
from alternator.roles.servers import MORE, MOST, ForeignServerError, ServersSeen, asked
from alternator.speech.engines.engine import Server
from alternator.stopping import Stop
from alternator.store.cluster import Process
from alternator.store.postgres.store import PostgresStore

SAID = {
    "object": "alternator.process",
    "id": "a",
    "host": "gpu-1",
    "pid": 7,
    "version": "0.1",
    "up_seconds": 60.5,
    "facts": {"models": ["base"], "devices": ["cuda"], "under_way": 3, "waiting": 0},
}


class Answering:
    """Answers each question with the next of what several processes say."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.tokens: set[str | None] = set()
        self.status = 200
        self.asked = 0

    def say(self, *said: object) -> None:
        self.bodies = [json.dumps(one).encode() for one in said]


@contextmanager
def answering() -> Iterator[tuple[Answering, Server]]:
    behind = Answering()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/v1/status"
            body = behind.bodies[behind.asked % len(behind.bodies)]
            behind.asked += 1
            behind.tokens.add(self.headers.get("Authorization"))
            self.send_response(behind.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    with listening(Handler) as address:
        yield behind, Server(url=f"{address}/v1", token="a-token")


@pytest.fixture
def behind() -> Iterator[tuple[Answering, Server]]:
    with answering() as found:
        yield found


@pytest.fixture
def stop() -> Iterator[Stop]:
    stop = Stop()
    yield stop
    stop.request()


def test_what_a_server_says_of_itself_is_read(behind: tuple[Answering, Server]):
    answers, server = behind
    answers.say(SAID)
    found = asked(server)
    assert found is not None
    process, up = found
    assert (process.role, process.host, process.pid, up) == ("serve", "gpu-1", 7, 60.0)
    assert process.facts == SAID["facts"]
    assert answers.tokens == {"Bearer a-token"}


@pytest.mark.parametrize(
    "change",
    [
        {"object": "model"},
        {"id": 7},
        {"pid": "many"},
        {"pid": -1},
        {"up_seconds": 1e300},
        {"host": None},
        {"id": "x" * 20_000},  # more than is read
    ],
)
def test_what_is_no_server_of_ours_is_told(
    behind: tuple[Answering, Server], change: dict[str, Any]
):
    answers, server = behind
    answers.say(SAID | change)
    with pytest.raises(ForeignServerError):
        asked(server)


def test_of_its_facts_those_are_kept_that_are_some(behind: tuple[Answering, Server]):
    """A server opens strangers' files, and may be theirs by now."""
    answers, server = behind
    facts = {
        "models": ["x" * 3000, 5, "base"],
        "devices": ["a\x1b[2Jb\n"] * 200,
        "under_way": True,
        "waiting": 1e99,
        "kind": "speech",
        "deaf": "nobody hears",
        "not_ready": "it is\nbusy",
    }
    answers.say(SAID | {"facts": facts})
    found = asked(server)
    assert found is not None
    assert set(found[0].facts) == {"devices", "not_ready"}
    assert found[0].facts["devices"] == ["a [2Jb "] * 20
    assert found[0].facts["not_ready"] == "it is busy"
    answers.say(SAID | {"facts": "none"})
    found = asked(server)
    assert found is not None and found[0].facts == {}


def test_a_server_that_is_away_or_foreign(behind: tuple[Answering, Server]):
    answers, server = behind
    answers.say(SAID)
    answers.status = 503
    assert asked(server) is None
    assert asked(Server(url=f"http://127.0.0.1:{free_port()}/v1")) is None
    with speech_server() as other, pytest.raises(ForeignServerError):
        asked(Server(url=other.url))


def test_each_behind_an_address_is_written_down(
    cluster: Cluster, behind: tuple[Answering, Server], stop: Stop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(servers, "BEAT_SECONDS", 0.05)
    answers, server = behind
    answers.say(*(SAID | {"id": one} for one in "abcde"))
    store = PostgresStore(cluster.config.database, role="test", shared=True)
    ServersSeen(server, store.cluster.processes, stop).start()

    def there() -> list[Process]:
        return list(store.cluster.processes.seen(within=30.0))

    wait_for(lambda: len(there()) == 5)
    [one, *_] = there()
    assert (one.role, one.host, one.pid, one.facts) == ("serve", "gpu-1", 7, SAID["facts"])
    assert 55 < one.seen - one.started < 70
    store.close()


def test_no_look_asks_too_often_and_a_foreign_one_is_left_alone(
    behind: tuple[Answering, Server], stop: Stop
):
    answers, server = behind

    class Away:
        def told(self, process: Process, up_seconds: float) -> None:
            raise TemporaryStateError("the database can't be reached")

    seen = ServersSeen(server, cast("Any", Away()), stop)
    answers.say(*(SAID | {"id": f"{one}"} for one in range(100)))
    for _ in range(20):
        before = answers.asked
        assert seen._look() == servers.BEAT_SECONDS
        assert MORE <= answers.asked - before <= MOST
    answers.status = 404
    before = answers.asked
    assert seen._look() == servers.FOREIGN_SECONDS
    assert answers.asked == before + 1
