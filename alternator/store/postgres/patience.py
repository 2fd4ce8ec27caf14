"""A connection that does not wait for ever for a server that has fallen silent.

The server ends a statement that takes too long, and the kernel a connection whose other side is
gone (``address.py``). Neither helps where something in between still takes what is sent and hands
nothing on, or where the server's process hangs.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.waiting import Ready

from alternator.store.postgres.address import STATEMENT_MILLISECONDS

# Longer than the server lets a statement take.
SILENT_SECONDS = STATEMENT_MILLISECONDS / 1000 + 15
LOOK_SECONDS = 0.1

T = TypeVar("T")


class PatientConnection(psycopg.Connection[Any]):
    """OperationalError, and it is closed, where nothing comes for SILENT_SECONDS."""

    def wait(
        self,
        gen: Generator[Any, Any, T],
        interval: float = LOOK_SECONDS,
        timeout: float | None = None,
    ) -> T:
        """What psycopg waits in, for each statement."""
        if timeout is not None:  # somebody waits for notifications, for so long
            return super().wait(gen, interval, timeout)
        return super().wait(self._watched(gen), interval)

    def _watched(self, steps: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        until = time.monotonic() + SILENT_SECONDS
        try:
            wanted = next(steps)
            while True:
                ready = yield wanted
                now = time.monotonic()
                if ready != Ready.NONE:
                    until = now + SILENT_SECONDS
                elif now > until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"nothing came for {SILENT_SECONDS:g} seconds")
                wanted = steps.send(ready)
        except StopIteration as end:
            found: T = end.value
            return found
