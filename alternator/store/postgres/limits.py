"""The limits of the accounts' servers, one for all processes: the table ``limits``."""

from collections.abc import Mapping
from hashlib import sha256

from alternator.store.limits import LimitKind
from alternator.store.postgres.database import Database

# No wait for a server is longer: one that is was written while a clock was wrong.
LONGEST_SECONDS = 3601.0
# How the kind of what is no limit begins: the server lets the account in no more by a token.
TOKEN = "token:"


class PostgresLimits:
    """``alternator.store.limits.Limits``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account: int) -> Mapping[LimitKind, float]:
        """Seconds left of each; none that are over."""
        with self._database.plain() as connection:
            rows = connection.execute(
                "SELECT kind, least(until - alternator_now(), %s) FROM limits "
                "WHERE account = %s AND until > alternator_now() AND NOT starts_with(kind, %s)",
                (LONGEST_SECONDS, account, TOKEN),
            ).fetchall()
        return {kind: float(left) for kind, left in rows}

    def set(self, account: int, kind: LimitKind, seconds: float) -> None:
        """From now on for so many seconds; 0: no more."""
        self._set(account, kind, seconds)

    def refuse(self, account: int, token: str, seconds: float) -> None:
        """The server refuses this token, as is said for so many seconds; 0: no more."""
        self._set(account, kind_of(token), seconds)

    def is_refused(self, account: int, token: str) -> bool:
        """Whether that was said of late."""
        with self._database.plain() as connection:
            found = connection.execute(
                "SELECT 1 FROM limits WHERE account = %s AND kind = %s "
                "AND until > alternator_now()",
                (account, kind_of(token)),
            ).fetchone()
        return found is not None

    def _set(self, account: int, kind: str, seconds: float) -> None:
        with self._database.plain() as connection:
            if seconds <= 0:
                connection.execute(
                    "DELETE FROM limits WHERE account = %s AND kind = %s", (account, kind)
                )
                return
            connection.execute(
                "INSERT INTO limits (account, kind, until) "
                "VALUES (%s, %s, alternator_now() + %s) "
                "ON CONFLICT (account, kind) DO UPDATE SET until = excluded.until",
                (account, kind, seconds),
            )


def kind_of(token: str) -> str:
    """The kind of a token's refusal: by its hash, since no token is kept in the clear."""
    return f"{TOKEN}{sha256(token.encode()).hexdigest()[:16]}"
