"""Whether a stream that lives tells of the posts that are there.

A stream may be open, have its heartbeats and bring nothing: behind a proxy that holds it up, or of
a server whose streaming lost touch with the rest. Only who finds a post by looking can tell. A post
that one look saw and the look before did not, both during one connection, was made during it, so
its event must come.
"""

import threading
from collections import deque
from collections.abc import Iterable

from alternator.clock import Clock

# How long after a post was found its event is still waited for: servers under load send them late.
LATEST_EVENT_SECONDS = 60.0
# Posts that events told of, and posts whose events are waited for.
MOST_HEARD = 200
MOST_AWAITED = 100


class Attendance:
    """Compares what the stream told with what looking found. For all threads.

    A connection is known by its number; 0 is none.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._heard: deque[str] = deque(maxlen=MOST_HEARD)
        self._awaited: dict[str, float] = {}  # by status: until when (monotonic seconds)
        self._connection = 0  # that the last look was made during

    def heard(self, status_id: str) -> None:
        """The stream told of a post."""
        with self._lock:
            self._heard.append(status_id)
            self._awaited.pop(status_id, None)

    def looked(self, newer: Iterable[str], connection: int) -> None:
        """A look that began during a connection found posts that the look before did not."""
        until = self._clock.monotonic() + LATEST_EVENT_SECONDS
        with self._lock:
            if connection != self._connection:
                self._awaited.clear()
            elif connection:
                for status_id in newer:
                    if status_id not in self._heard and len(self._awaited) < MOST_AWAITED:
                        self._awaited.setdefault(status_id, until)
            self._connection = connection

    def is_deaf(self, connection: int) -> bool:
        """Whether this connection did not tell of a post in time."""
        now = self._clock.monotonic()
        with self._lock:
            return connection == self._connection and any(
                until < now for until in self._awaited.values()
            )
