"""The rows of one account's attachments: recorded, counted, made due."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from alternator.errors import AccountGoneError
from alternator.store.elapsed import APART_SECONDS, ElapsedTime
from alternator.store.outcomes import LONGEST_WAIT_SECONDS, AttachmentState, Found
from alternator.store.sql.database import Connection, Database

# A moment at which something is due that lies further ahead was written by a clock that was wrong.
LONGEST_AHEAD_SECONDS = LONGEST_WAIT_SECONDS + APART_SECONDS
# Of one statement: SQLite takes 32,766 values in all.
MOST_ROWS = 1000
# What is done with is counted as it comes to that (``tally``): there may be very much of it. What
# waits and what is claimed is little, and has indexes of its own.
COUNTS = (
    "SELECT state, CAST(SUM(number) AS BIGINT) FROM ("
    "SELECT state, number FROM tally WHERE account = ? UNION ALL "
    "SELECT state, COUNT(*) FROM attachment WHERE account = ? "
    "AND state IN ('waiting', 'claimed') GROUP BY state"
    ") AS found GROUP BY state HAVING SUM(number) > 0"
)
# As if an attachment was met just now.
ANEW = (
    "state = 'waiting', attempts = 0, not_before = ?, put_back = 0, deferred = 0, "
    "said_left = NULL, edits_before = NULL"
)


class SqlAttachments:
    """What ``alternator.store.interface.AccountState`` says of attachments, but for claims."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    def _row(self, db: Connection, columns: str, *, locked: bool = False) -> tuple[Any, ...]:
        """Columns of the account's own row. AccountGoneError if it has left meanwhile."""
        lock = self._database.dialect.locked if locked else ""
        row: tuple[Any, ...] | None = db.execute(
            f"SELECT {columns} FROM account WHERE id = ?{lock}", (self._account,)
        ).fetchone()
        if row is None:
            raise AccountGoneError(
                f"account {self._account} has left; sign it up anew if it is to be described"
            )
        return row

    def _add(self, db: Connection, found: Iterable[Found]) -> tuple[str, ...]:
        """Remember attachments that are not known yet; returns the post of each of those."""
        now = self._time.now()
        rows = [
            (self._account, status.status_id, key, status.backfill, key in status.speech, now)
            for status in found
            for key in status.attachment_ids
        ]
        # In one order, so that two that add the same do not wait for each other.
        rows.sort(key=itemgetter(1, 2))
        new: list[tuple[str]] = []
        for start in range(0, len(rows), MOST_ROWS):
            part = rows[start : start + MOST_ROWS]
            new += db.execute(
                "INSERT INTO attachment (account, status_id, attachment_id, "
                "state, backfill, speech, not_before, found, changed) VALUES "
                + ", ".join(["(?, ?, ?, 'waiting', ?, ?, ?, ?, ?)"] * len(part))
                + " ON CONFLICT DO NOTHING RETURNING status_id",
                [value for row in part for value in (*row, now, now)],
            ).fetchall()
        return tuple(status_id for (status_id,) in new)

    def make_due(self) -> None:
        """Make due what was put back, as if it never had been."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE attachment SET not_before = ? "
                "WHERE account = ? AND state = 'waiting' AND put_back > 0",
                (self._time.now(), self._account),
            )
            db.execute(
                # What is done with was not put back, or is made anew before it waits again.
                "UPDATE attachment SET put_back = 0 WHERE account = ? "
                "AND state IN ('waiting', 'claimed') AND put_back > 0",
                (self._account,),
            )

    def make_deferred_due(self, *, speech: bool = False) -> int:
        """Make due what waits for somebody else's failure; returns how many attachments that are.

        Of posts with ``speech`` alone, or of all. Their next wait is as long as it would have been.
        """
        now = self._time.now()
        with self._database.writing() as db:
            return db.execute(
                "UPDATE attachment SET not_before = ? WHERE account = ? AND state = 'waiting' "
                "AND deferred > 0 AND put_back = 0 AND not_before > ? AND speech >= ?",
                (now, self._account, now, int(speech)),
            ).rowcount

    def retry_failed(self) -> int:
        """Make everything that was given up due again; returns how many attachments that are."""
        with self._database.writing() as db:
            return db.execute(
                f"UPDATE attachment SET {ANEW} WHERE account = ? AND state = 'failed'",
                (self._time.now(), self._account),
            ).rowcount

    def next_due(self) -> float | None:
        """When the next attachment is due; None if none waits."""
        now = self._time.now()
        with self._database.reading() as db:
            earliest, latest = (
                db.execute(
                    f"SELECT {bound}(not_before) FROM attachment "
                    "WHERE account = ? AND state = 'waiting'",
                    (self._account,),
                ).fetchone()[0]
                for bound in ("MIN", "MAX")
            )
            if earliest is None:
                return None
            wrong = latest > now + LONGEST_AHEAD_SECONDS
            return min(float(earliest), now) if wrong else float(earliest)

    def counts(self) -> dict[AttachmentState, int]:
        """Number of attachments by state; TemporaryStateError while nothing can be written."""
        self._database.check_written()
        with self._database.reading() as db:
            return counted(db, self._account)


def counted(db: Connection, account: int) -> dict[AttachmentState, int]:
    """Number of an account's attachments by state; of none that it has none in."""
    return dict(db.execute(COUNTS, (account, account)).fetchall())
