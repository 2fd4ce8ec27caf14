"""Who may be at work in a database: one process alone, or several that share it.

The lock is the server's (https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS):
it goes with the connection, however that ends, so there is none to clean up. What it stands for is
what the lock on a state directory does (``alternator/store/lock.py``).
"""

import select
import time
from contextlib import suppress
from typing import Any

import psycopg

from alternator.errors import ConfigError
from alternator.store.postgres.address import Address

# The two numbers of our advisory locks: "Altn", and what for.
OURS = 0x416C746E
AT_WORK = 1
UPGRADE = 2
# Who ended just now may not be gone from the server yet.
PATIENCE_SECONDS = 2.0
BETWEEN_TRIES_SECONDS = 0.1

HELD = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid = %s::bigint::oid AND objid = %s::bigint::oid "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class Guard:
    """The lock of this process, on a connection of its own.

    ``shared``: others that share it may be at work as well. ConfigError if that can't be.
    """

    def __init__(self, address: Address, *, shared: bool) -> None:
        self._address = address
        self._shared = shared
        self._connection: psycopg.Connection[Any] | None = None
        self.keep()

    def keep(self) -> None:
        """Take the lock again where the connection was lost. ConfigError, psycopg.Error."""
        if self._connection is not None and not is_lost(self._connection):
            return
        self.close()
        connection = self._address.connect()
        function = f"pg_try_advisory_lock{'_shared' if self._shared else ''}"
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            row = connection.execute(f"SELECT {function}(%s, %s)", (OURS, AT_WORK)).fetchone()
            if row is not None and row[0]:
                self._connection = connection
                return
            if time.monotonic() > until:
                connection.close()
                raise ConfigError(self._refusal())
            time.sleep(BETWEEN_TRIES_SECONDS)

    def close(self) -> None:
        """Let go."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def _refusal(self) -> str:
        if self._shared:
            return (
                f"`alternator run` is at work in {self._address.shown}, which it has for itself; "
                f"end it first, and start `alternator bot` and `alternator worker` in its place"
            )
        return (
            f"another bot is at work in {self._address.shown}; end it (`alternator run`, "
            f"`alternator bot` and all workers), or give this one a database of its own"
        )


def is_held(connection: "psycopg.Connection[Any]") -> bool:
    """Whether anybody is at work in a connection's database. psycopg.Error."""
    row = connection.execute(HELD, (OURS, AT_WORK)).fetchone()
    return row is not None and row[0] > 0


def is_lost(connection: "psycopg.Connection[Any]") -> bool:
    """Whether a connection that nobody uses now has been ended by the server.

    Something to read on it is its end, as a rule; only then the server is asked.
    """
    if connection.closed:
        return True
    try:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):
            connection.execute("SELECT 1")
    except (psycopg.Error, OSError):
        return True
    return False
