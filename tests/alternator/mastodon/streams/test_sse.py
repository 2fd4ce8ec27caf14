"""Server-sent events from the sandbox, and from servers that misbehave byte by byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alternator.errors import TemporaryServerError
from alternator.mastodon.streams.events import Event
from alternator.mastodon.streams.sse import Events, Lines, SseSource
from alternator.web.session import WebSession
from sandbox.server import SandboxServer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
Send = Callable[[socket.socket], None]


def read(content: bytes, size: int) -> list[Event]:
    """The events of a stream that comes in pieces of so many bytes."""
    lines, events = Lines(), Events()
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    found = [events.add(line) for piece in pieces for line in lines.of(piece)]
    return [event for event in found if event is not None]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_lines_and_events_however_they_are_cut(end: bytes, size: int):
    content = (
        end.join(
            [
                b":)",
                b"event: update",
                b'data: {"a":',
                b"data:1}",
                b"",
                b":thump",
                b"",
                b"event:x",
                b"",
                b"",
            ]
        )
        + end * 2
    )
    # A lone \r may be half of an end of line, until the next byte.
    expected = [Event(name="update", payload='{"a":\n1}'), Event(name="x", payload="")]
    assert read(content + b":", size) == expected


def test_what_has_no_name_is_no_event():
    assert read(b"data: 1\n\nid: 7\nretry: 1\n\nevent: x\ndata: \xff\n\n", 5) == [
        Event(name="x", payload="\ufffd")
    ]


@given(st.binary(max_size=200), st.integers(1, 20))
def test_any_bytes_give_the_same_events_in_any_pieces(content: bytes, size: int):
    assert read(content + b"\n\n", size) == read(content + b"\n\n", 1000)


@contextmanager
def serving(send: Send) -> Iterator[str]:
    """A server that sends what it likes to each connection, until the test is over."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                with suppress(OSError):  # the client has gone
                    send(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        over.set()
        # Closing alone does not wake who waits in accept.
        with socket.create_connection(listener.getsockname()):
            pass
        thread.join(10)
        listener.close()


def failure_of(source: SseSource, *, after: int) -> str:
    """How a connection ends, after so many signs of life at the most."""
    with closing(source.events()) as events, pytest.raises(TemporaryServerError) as caught:
        for _ in islice(events, after):
            pass
    return str(caught.value)


def test_a_line_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alternator.mastodon.streams.sse.MOST_BYTES", 100_000)

    def send(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"data: ")
        while True:
            connection.sendall(b"x" * 10_000)

    with serving(send) as url:
        assert "more than 100000 bytes" in failure_of(SseSource(WebSession(), url), after=10)


def test_an_event_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alternator.mastodon.streams.sse.MOST_BYTES", 100_000)

    def send(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"event: update\n")
        while True:
            connection.sendall(b"data: " + b"x" * 1000 + b"\n")

    with serving(send) as url:
        assert "more than 100000 bytes" in failure_of(SseSource(WebSession(), url), after=1000)


def test_bytes_that_never_make_a_line_are_no_life():
    over = threading.Event()

    def send(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"data: ")
        while not over.wait(0.05):
            connection.sendall(b"x")

    with serving(send) as url:
        source = SseSource(WebSession(), url, silence_seconds=0.5)
        assert "no line ends" in failure_of(source, after=10)
        over.set()


def test_headers_that_trickle_end():
    over = threading.Event()

    def send(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not over.wait(0.05):
            connection.sendall(b"x")

    with serving(send) as url:
        source = SseSource(WebSession(), url, silence_seconds=0.5)
        assert "no answer in time" in failure_of(source, after=10)
        over.set()


def test_a_stream_that_ends_properly_is_a_broken_one():
    with serving(lambda connection: connection.sendall(HEAD + b":)\n")) as url:
        assert "ended the stream" in failure_of(SseSource(WebSession(), url), after=10)


def test_closing_the_events_closes_the_connection(server: SandboxServer):
    url = f"{server.url}/api/v1/streaming/user?access_token=sandbox"
    events = SseSource(WebSession(), url).events()
    assert [next(events), next(events)] == [None, None]  # open, and greeted
    assert server.open_streams() == 1
    events.close()
    server.post("It is noticed with the next thing that is sent")
    server.post("Or the one after it")
    wait = threading.Event()
    for _ in range(500):
        if not server.open_streams():
            break
        wait.wait(0.01)
    assert not server.open_streams()
