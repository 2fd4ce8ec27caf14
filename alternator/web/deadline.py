"""The end of a request's time, enforced from outside.

A time-out of a socket bounds the silence between two bytes: a server that sends one byte a second
into a header holds its reader for ever. So a timer cuts the connection when the time is over,
which ends whatever the reader waits for: a handshake, a header, a chunk's length.
"""

import os
import socket
import threading
import time
from contextlib import suppress


class Deadline:
    """A request's total time in seconds. ``cancel`` ends the watch."""

    def __init__(self, seconds: float) -> None:
        self.struck = False
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._strike)
        self._timer.daemon = True
        self._timer.start()

    def left(self) -> float:
        """Seconds left, 0 when the time is over."""
        return max(self._end - time.monotonic(), 0.0)

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection when the time is over.

        By a second descriptor of it, since TLS takes the first one away from its object, and
        urllib3 drops the object of a connection that is not kept while its answer is still read.
        """
        line = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._lines.append(line)
            if self.struck:
                _cut(line)

    def cancel(self) -> None:
        """The request is over. Without this a closed connection would stay open beneath."""
        self._timer.cancel()
        self._drop()

    def headers_came(self) -> None:
        """Stop the clock: what follows has no end, and is watched by whoever reads it."""
        self._timer.cancel()

    def _drop(self) -> None:
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()

    def _strike(self) -> None:
        with self._lock:
            self.struck = True
            for line in self._lines:
                _cut(line)


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # closed by the other side already
        line.shutdown(socket.SHUT_RDWR)
