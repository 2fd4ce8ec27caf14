"""The end of a request's time, enforced from outside.

A time-out of a socket bounds the silence between two bytes: a server that sends one byte a second
into a header holds its reader for ever. So the connection is cut when the time is over, which ends
whatever the reader waits for: a handshake, a header, a chunk's length.

One thread watches all requests of the process: one for each took 0.6 ms, seven times a picture.
"""

import math
import os
import socket
import threading
import time
from contextlib import suppress


class Watch:
    """Strikes deadlines when their time has come; its thread begins with the first one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: set[Deadline] = set()
        self._wakes = math.inf  # when the thread looks next (monotonic)
        self._thread: threading.Thread | None = None

    def add(self, deadline: "Deadline") -> None:
        """Strike this one, unless it is removed before its time."""
        with self._changed:
            self._running.add(deadline)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            if deadline.end < self._wakes:
                self._changed.notify()

    def remove(self, deadline: "Deadline") -> None:
        """Strike this one no more; it may be struck at this very moment."""
        with self._changed:
            self._running.discard(deadline)

    def _run(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                over = [deadline for deadline in self._running if deadline.end <= now]
                self._running.difference_update(over)
                if not over:
                    self._wakes = min((one.end for one in self._running), default=math.inf)
                    wait = None if self._wakes == math.inf else self._wakes - now
                    self._changed.wait(None if wait is None else min(wait, threading.TIMEOUT_MAX))
                    self._wakes = -math.inf
            for deadline in over:
                deadline.strike()


WATCH = Watch()


class Deadline:
    """A request's total time in seconds. ``cancel`` ends the watch."""

    def __init__(self, seconds: float) -> None:
        self.struck = False
        self.end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []
        WATCH.add(self)

    def left(self) -> float:
        """Seconds left, 0 when the time is over."""
        return max(self.end - time.monotonic(), 0.0)

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
        WATCH.remove(self)
        self._drop()

    def headers_came(self) -> None:
        """Stop the clock: what follows has no end, and is watched by whoever reads it."""
        WATCH.remove(self)

    def strike(self) -> None:
        """The time is over."""
        with self._lock:
            self.struck = True
            for line in self._lines:
                _cut(line)

    def _drop(self) -> None:
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # closed by the other side already
        line.shutdown(socket.SHUT_RDWR)
