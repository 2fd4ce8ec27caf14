"""The limits of the accounts' servers, one for all processes: the table ``limits``."""

from collections.abc import Mapping
from hashlib import sha256
from typing import get_args

from alternator.store.limits import LimitKind
from alternator.store.postgres.database import Database

# No wait for a server is longer: one that is was written while a clock was wrong.
LONGEST_SECONDS = 3601.0
# What is no limit: the server lets the account in no more by a token.
REFUSED = "token"
KINDS: tuple[LimitKind, ...] = get_args(LimitKind)
# Rows of an account that say nothing any more.
OVER = """
DELETE FROM limits WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM limits WHERE account = %s AND until <= alternator_now()
    FOR UPDATE SKIP LOCKED
))
"""


class PostgresLimits:
    """``alternator.store.limits.Limits``. A row's kind names the token that it is said of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account: int, token: str) -> Mapping[LimitKind, float]:
        """Seconds left of each; none that are over."""
        kinds = {said_of(token, kind): kind for kind in KINDS}
        with self._database.plain() as connection:
            rows = connection.execute(
                "SELECT kind, least(until - alternator_now(), %s) FROM limits "
                "WHERE account = %s AND until > alternator_now() AND kind = ANY(%s)",
                (LONGEST_SECONDS, account, list(kinds)),
            ).fetchall()
        return {kinds[kind]: float(left) for kind, left in rows}

    def set(self, account: int, token: str, kind: LimitKind, seconds: float) -> None:
        """From now on for so many seconds; 0: no more."""
        self._set(account, said_of(token, kind), seconds)

    def refuse(self, account: int, token: str, seconds: float) -> None:
        """The server refuses this token, as is said for so many seconds; 0: no more."""
        self._set(account, said_of(token, REFUSED), seconds)

    def is_refused(self, account: int, token: str) -> bool:
        """Whether that was said of late."""
        with self._database.plain() as connection:
            found = connection.execute(
                "SELECT 1 FROM limits WHERE account = %s AND kind = %s "
                "AND until > alternator_now()",
                (account, said_of(token, REFUSED)),
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
            # Of a former token nobody would write again. What others are at is left to them.
            connection.execute(OVER, (account,))


def said_of(token: str, kind: str) -> str:
    """What stands in a row: the kind and a hash, since no token is kept in the clear."""
    return f"{kind}:{sha256(token.encode()).hexdigest()[:16]}"
