"""Sign-ups that are under way, and what servers know this program by: two small tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from alternator.store.postgres.database import Database
from alternator.store.postgres.guard import OURS

# The number of our advisory lock (guard.py) under which sign-ups are counted.
BEGINNING = 5
# And the one under which members are counted, and let in.
ADMITTING = 6


class PostgresSignUps:
    """``alternator.store.cluster.SignUps``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def app(self, server: str) -> bytes | None:
        """What a server knows this program by."""
        return self.apps().get(server)

    def apps(self) -> Mapping[str, bytes]:
        """The same of all servers."""
        with self._database.plain() as connection:
            rows = connection.execute("SELECT server, sealed FROM signup_app").fetchall()
        return {server: bytes(sealed) for server, sealed in rows}

    def keep_app(self, server: str, sealed: bytes) -> None:
        """A server knows this program by this from now on."""
        with self._database.plain() as connection:
            connection.execute(
                "INSERT INTO signup_app (server, sealed) VALUES (%s, %s) "
                "ON CONFLICT (server) DO UPDATE SET sealed = excluded.sealed",
                (server, sealed),
            )

    def begin(self, state: str, sealed: bytes, *, seconds: float, most: int) -> bool:
        """Keep what is needed when somebody comes back, unless there are too many."""
        with self._database.plain() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (OURS, BEGINNING))
            connection.execute("DELETE FROM signup_begun WHERE until <= alternator_now()")
            began = connection.execute(
                "INSERT INTO signup_begun (state, sealed, until) "
                "SELECT %s, %s, alternator_now() + %s "
                "WHERE (SELECT count(*) FROM signup_begun) < %s",
                (state, sealed, seconds, most),
            )
            return began.rowcount == 1

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A stretch in which no process of the cluster admits another member."""
        with self._database.plain() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (OURS, ADMITTING))
            yield

    def take(self, state: str) -> bytes | None:
        """What was kept, once."""
        with self._database.plain() as connection:
            row = connection.execute(
                "DELETE FROM signup_begun WHERE state = %s "
                "RETURNING sealed, until > alternator_now()",
                (state,),
            ).fetchone()
        return bytes(row[0]) if row is not None and row[1] else None
