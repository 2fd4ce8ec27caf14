"""WebSockets of the sandbox, and of servers that misbehave."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import repeat
from pathlib import Path

import pytest
from waiting import wait_for
from websockets.sync.server import ServerConnection, serve

from alternator.errors import ServerError, TemporaryServerError, UnexpectedAnswerError
from alternator.mastodon.streams.events import Event
from alternator.mastodon.streams.websocket import WebSocketSource, read_message, tls_context
from sandbox.server import SandboxServer

PATH = "/api/v1/streaming"
Handle = Callable[[ServerConnection], None]


def source_of(
    url: str, *, token: str = "sandbox", silence_seconds: float = 60.0
) -> WebSocketSource:
    address = f"ws{url.removeprefix('http')}{PATH}?stream=user"
    return WebSocketSource(address, token, "alternator", silence_seconds=silence_seconds)


@contextmanager
def serving(handle: Handle) -> Iterator[str]:
    """A WebSocket server that does what it likes with each connection."""
    with serve(handle, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join(10)


def test_the_token_goes_in_the_header_with_a_name_of_the_client(server: SandboxServer):
    seen = []

    def handle(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request.headers)

    with serving(handle) as url, closing(source_of(url).events()) as events:
        next(events)
        with pytest.raises(TemporaryServerError, match="broke off"):
            next(events)
    assert seen[0]["Authorization"] == "Bearer sandbox"
    # GoToSocial refuses requests without one.
    assert seen[0]["User-Agent"] == "alternator"
    assert "Sec-WebSocket-Protocol" not in seen[0]


def test_where_the_header_is_refused_the_token_goes_as_a_subprotocol(server: SandboxServer):
    server.fail(PATH, status=401)
    with closing(source_of(server.url).events()) as events:
        assert next(events) is None
        status = server.post("Hello")
        event = next(events)
    assert event is not None and json.loads(event.payload)["id"] == status["id"]
    assert [r["authorized"] for r in server.requests(path=PATH)] == [True, False]


def test_a_token_that_is_refused_both_ways_is_refused(server: SandboxServer):
    source = source_of(server.url, token="nobody")
    for _ in range(2):
        with closing(source.events()) as events, pytest.raises(ServerError) as caught:
            next(events)
        assert not isinstance(caught.value, TemporaryServerError)
    assert [r["answer"] for r in server.requests(path=PATH)] == [401] * 4


def test_a_redirect_is_not_followed_with_the_token(server: SandboxServer):
    with SandboxServer() as elsewhere:
        location = f"ws{elsewhere.url.removeprefix('http')}{PATH}?stream=user"
        for status in (301, 307):
            server.fail(PATH, status=status, headers={"Location": location})
            with pytest.raises(ServerError, match="no stream of events"):
                next(source_of(server.url).events())
        assert elsewhere.requests() == []


def failure_of(source: WebSocketSource) -> str:
    """How a connection ends that was opened."""
    with closing(source.events()) as events:
        next(events)
        with pytest.raises(TemporaryServerError) as caught:
            for _ in events:
                pass
    return str(caught.value)


def test_a_server_that_answers_no_pings_is_dead():
    over = threading.Event()

    def handle(connection: ServerConnection) -> None:
        # Nothing is read any more, so no ping is seen.
        with connection.recv_flow_control:
            over.wait(30)

    with serving(handle) as url:
        try:
            assert "is dead" in failure_of(source_of(url, silence_seconds=1.0))
        finally:
            over.set()


def test_a_quiet_connection_gives_signs_of_life(server: SandboxServer):
    with closing(source_of(server.url, silence_seconds=0.4).events()) as events:
        assert [next(events) for _ in range(5)] == [None] * 5


def test_it_takes_no_thread_of_its_own(server: SandboxServer):
    url = server.url.replace("127.0.0.1", "localhost")  # a name to look up
    with closing(source_of(url).events()) as events:
        before = {thread.name for thread in threading.enumerate()}
        next(events)
        # The sandbox serves from this process, in threads that it names.
        after = {thread.name for thread in threading.enumerate()}
    assert not {name for name in after - before if "asyncio" in name or "recv" in name}


def test_a_message_of_endless_pieces_ends_the_connection():
    with serving(lambda connection: connection.send(repeat("x", 100_000))) as url:
        assert "broke off" in failure_of(source_of(url))


def test_a_text_that_is_none_ends_the_connection():
    def handle(connection: ServerConnection) -> None:
        connection.send(b"\xff", text=True)

    with serving(handle) as url:
        assert "broke off" in failure_of(source_of(url))


def test_a_handshake_that_hangs_ends(server: SandboxServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alternator.mastodon.streams.websocket.OPEN_SECONDS", 0.3)
    server.fail(PATH, hang=True)
    with pytest.raises(TemporaryServerError, match="can't be reached"):
        next(source_of(server.url).events())


def test_nobody_there_is_an_outage():
    with pytest.raises(TemporaryServerError, match="can't be reached"):
        next(source_of("http://127.0.0.1:9").events())


@pytest.mark.parametrize("address", ["ws://", "ws://[::", "ws://host:port/"])
def test_an_address_that_is_none_is_no_way(address: str):
    with pytest.raises(ServerError):
        next(WebSocketSource(address, "token", "test").events())


def test_what_a_message_says():
    payload = '{"id": "1"}'
    message = json.dumps({"stream": ["user"], "event": "update", "payload": payload})
    assert read_message(message) == Event(name="update", payload=payload)
    assert read_message('{"event": "filters_changed"}') == Event(name="filters_changed", payload="")
    assert read_message(b"\0binary") is None
    assert read_message('{"other": 1}') is None
    with pytest.raises(ServerError, match="refuses the stream"):
        read_message('{"error": "Access token does not have the required scopes", "status": 401}')
    for text in ("[", "[]", '{"event": 1}', '{"event": "update", "payload": {}}', "[" * 99_999):
        with pytest.raises(UnexpectedAnswerError):
            read_message(text)


def test_nonsense_is_left_out(server: SandboxServer):
    def handle(connection: ServerConnection) -> None:
        for message in ("{", b"\0", "[]"):
            connection.send(message)
        connection.send('{"event": "delete", "payload": "1"}')
        connection.recv()

    with serving(handle) as url, closing(source_of(url).events()) as events:
        assert [next(events) for _ in range(4)] == [None] * 4
        assert next(events) == Event(name="delete", payload="1")


def test_closing_the_events_closes_the_connection(server: SandboxServer):
    events = source_of(server.url).events()
    next(events)
    wait_for(server.open_streams)
    events.close()
    wait_for(lambda: not server.open_streams())


def test_the_authorities_are_those_of_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    assert tls_context().verify_mode is ssl.CERT_REQUIRED
    assert tls_context().cert_store_stats()["x509_ca"] > 50
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path))  # a folder of them
    assert tls_context().cert_store_stats()["x509_ca"] == 0
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(FileNotFoundError):
        tls_context()
