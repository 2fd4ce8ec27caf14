"""The ledger of one account: its rows of ``spent``, ``told``, ``reply`` and ``backfill``."""

from collections.abc import Collection

from alternator.store.elapsed import APART_SECONDS, ElapsedTime
from alternator.store.ledger import HOUR_SECONDS, BackfillPlace, Spent
from alternator.store.sql.database import Database


class SqlLedger:
    """``alternator.store.ledger.Ledger`` of the account with this row."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    def spend(self, what: Spent, number: int = 1) -> None:
        """So many were made or sent just now."""
        now = self._time.now()
        with self._database.writing() as db:
            # What lies ahead was written by a clock that was wrong.
            db.execute(
                "DELETE FROM spent WHERE account = ? AND (at <= ? OR at > ?)",
                (self._account, now - HOUR_SECONDS, now + APART_SECONDS),
            )
            db.executemany(
                "INSERT INTO spent (account, what, at) VALUES (?, ?, ?)",
                [(self._account, what, now)] * number,
            )

    def seconds_until_room(self, what: Spent, most: int) -> float:
        """How long there is no room for another one."""
        now = self._time.now()
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT at FROM spent WHERE account = ? AND what = ? AND at > ? AND at <= ? "
                "ORDER BY at DESC LIMIT 1 OFFSET ?",
                (self._account, what, now - HOUR_SECONDS, now + APART_SECONDS, most - 1),
            ).fetchall()
        return float(rows[0][0]) + HOUR_SECONDS - now if rows else 0.0

    def tell(self, kind: str, *, apart: float) -> bool:
        """Whether something may be said now; if so, it counts as said."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            said = db.execute(
                "INSERT INTO told (account, kind, at) VALUES (?, ?, ?) "
                "ON CONFLICT (account, kind) DO UPDATE SET at = excluded.at "
                "WHERE told.at > excluded.at + ? OR excluded.at >= told.at + ?",
                (self._account, kind, now, APART_SECONDS, apart),
            ).rowcount
        return said > 0

    def last_told(self, kind: str) -> float | None:
        """When it was said last."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT at FROM told WHERE account = ? AND kind = ?", (self._account, kind)
            ).fetchone()
        return None if row is None else float(row[0])

    def answered(self, status_id: str, reply_ids: Collection[str]) -> None:
        """A post was answered with descriptions."""
        with self._database.writing(durable=True) as db:
            db.executemany(
                "INSERT INTO reply (account, status_id, reply_id) VALUES (?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                [(self._account, status_id, reply_id) for reply_id in reply_ids],
            )

    def answers_to(self, status_id: str) -> frozenset[str]:
        """The ids of our replies to a post."""
        with self._database.reading() as db:
            return frozenset(
                reply_id
                for (reply_id,) in db.execute(
                    "SELECT reply_id FROM reply WHERE account = ? AND status_id = ?",
                    (self._account, status_id),
                )
            )

    def backfill(self) -> BackfillPlace | None:
        """How far the last backfill came."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT below, since, remaining, done FROM backfill WHERE account = ?",
                (self._account,),
            ).fetchone()
        if row is None:
            return None
        return BackfillPlace(below=row[0], since=row[1], left=row[2], done=bool(row[3]))

    def set_backfill(self, place: BackfillPlace) -> None:
        """A backfill came so far."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT INTO backfill (account, below, since, remaining, done) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT (account) DO UPDATE SET "
                "below = excluded.below, since = excluded.since, "
                "remaining = excluded.remaining, done = excluded.done",
                (self._account, place.below, place.since, place.left, place.done),
            )
