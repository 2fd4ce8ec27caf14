"""A server that answers in the ways that hold a client up or lead it astray."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

# How a connection is answered: it gets the socket and the request's head, and owns the socket.
Behaviour = Callable[[socket.socket, str], None]


@dataclass(kw_only=True)
class RawServer:
    """Answers byte by byte as told; ``heard`` are the heads of the requests."""

    url: str
    behave: Behaviour | None = None
    heard: list[str] = field(default_factory=list)
    connections: int = 0


def head_of(line: socket.socket) -> str:
    """A request's head; '' when the connection is over."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = line.recv(1)
        if not piece:
            return ""
        head += piece
    return head.decode()


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    open_lines: list[socket.socket] = []

    def serve(line: socket.socket) -> None:
        with line:
            try:
                while head := head_of(line):
                    server.heard.append(head)
                    assert server.behave is not None
                    server.behave(line, head)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            server.connections += 1
            open_lines.append(line)
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for line in open_lines:
        line.close()
