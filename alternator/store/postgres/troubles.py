"""What is wrong with what the accounts share: the table ``trouble``."""

import time
from collections.abc import Sequence

from alternator.store.postgres.database import Database

# No trouble is said for longer: one that is was written while a clock was wrong.
LONGEST_SECONDS = 86_401.0
RECENT_SECONDS = 5.0


class PostgresTroubles:
    """``alternator.store.troubles.Troubles``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent: dict[str, tuple[float, Sequence[str]]] = {}

    def say(self, kind: str, text: str, seconds: float) -> None:
        """Something is wrong from now on, for so many seconds."""
        with self._database.plain() as connection:
            connection.execute("DELETE FROM trouble WHERE until <= alternator_now()")
            connection.execute(
                "INSERT INTO trouble (kind, said, until) VALUES (%s, %s, alternator_now() + %s) "
                "ON CONFLICT (kind) DO UPDATE SET said = excluded.said, until = excluded.until",
                (kind, text, min(seconds, LONGEST_SECONDS)),
            )

    def told(self, kind: str) -> Sequence[str]:
        """What is said of this kind, or of all that begin so."""
        with self._database.plain() as connection:
            rows = connection.execute(
                "SELECT said FROM trouble WHERE until > alternator_now() "
                "AND (kind = %s OR right(%s, 1) = ':' AND starts_with(kind, %s)) ORDER BY kind",
                (kind, kind, kind),
            ).fetchall()
        return [str(said) for (said,) in rows]

    def recent(self, kind: str) -> Sequence[str]:
        """The same as of some seconds ago at most: a thousand accounts ask, and it is one look.

        Without a lock: while the database is away, nobody waits for somebody else's look.
        """
        now = time.monotonic()
        at, found = self._recent.get(kind, (-RECENT_SECONDS, ()))
        if now - at >= RECENT_SECONDS:
            found = self.told(kind)
            self._recent[kind] = now, found
        return found
