"""The store in one SQLite file: a row for each attachment that an account of the bot has met.

The server is the source of truth, so a lost file only costs looking again. A claim that a crash
cut short goes back to ``waiting`` at the next start; it has counted as an attempt, so that an
attachment that takes the bot down is not tried for ever.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from alternator.store.outcomes import (
    RETRY_SECONDS,
    AttachmentState,
    Claim,
    Cursors,
    Found,
    Outcome,
    by_age,
    put_back_seconds,
)
from alternator.store.sqlite.database import Database
from alternator.store.sqlite.schema import SCHEMA

# The rows that a claim holds: it is over once they are in another state, or claimed anew.
HELD = "account = ? AND status_id = ? AND state = 'claimed' AND changed = ?"


class SqliteStore:
    """``alternator.store.interface.Store`` in one file. ``clock`` gives Unix time in seconds."""

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._database = Database(path, SCHEMA)

    def close(self) -> None:
        """Close the file. The store can't be used any more."""
        self._database.close()

    def knows_server(self, server: str) -> bool:
        """Whether an account on this server was in use before."""
        with self._database.reading() as db:
            row = db.execute("SELECT 1 FROM account WHERE server = ?", (server,)).fetchone()
            return row is not None

    def use_account(self, server: str, remote_id: str) -> "SqliteAccountState":
        """The state of one account, free of the claims that a crash left behind."""
        now = self._clock()
        with self._database.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO account (server, remote_id) VALUES (?, ?)",
                (server, remote_id),
            )
            (account,) = db.execute(
                "SELECT id FROM account WHERE server = ? AND remote_id = ?", (server, remote_id)
            ).fetchone()
            db.execute(
                "UPDATE attachment SET state = 'failed', reason = 'the bot ended while at it', "
                "changed = ? WHERE account = ? AND state = 'claimed' AND attempts > ?",
                (now, account, len(RETRY_SECONDS)),
            )
            db.execute(
                "UPDATE attachment SET state = 'waiting' WHERE account = ? AND state = 'claimed'",
                (account,),
            )
        return SqliteAccountState(self._database, int(account), self._clock)


class SqliteAccountState:
    """``alternator.store.interface.AccountState``: the rows of one account."""

    def __init__(self, database: Database, account: int, clock: Callable[[], float]) -> None:
        self._database = database
        self._account = account
        self._clock = clock

    def cursors(self) -> Cursors:
        """How far the account has been looked through."""
        with self._database.reading() as db:
            newest, floor = db.execute(
                "SELECT cursor, floor FROM account WHERE id = ?", (self._account,)
            ).fetchone()
            return Cursors(newest=newest, floor=floor)

    def record(
        self, found: Iterable[Found], *, cursor: str | None = None, floor: str | None = None
    ) -> int:
        """Remember statuses with work to do, and how far the account has been looked through."""
        now = self._clock()
        new = 0
        with self._database.writing() as db:
            for status in found:
                key = (self._account, status.status_id)
                for attachment_id in status.attachment_ids:
                    new += db.execute(
                        "INSERT OR IGNORE INTO attachment (account, status_id, attachment_id, "
                        "state, backfill, not_before, found, changed) "
                        "VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)",
                        (*key, attachment_id, status.backfill, now, now, now),
                    ).rowcount
            (before,) = db.execute(
                "SELECT cursor FROM account WHERE id = ?", (self._account,)
            ).fetchone()
            if cursor is not None and (before is None or by_age(cursor) > by_age(before)):
                db.execute("UPDATE account SET cursor = ? WHERE id = ?", (cursor, self._account))
            if floor is not None:
                db.execute("UPDATE account SET floor = ? WHERE id = ?", (floor, self._account))
        return new

    def claim(self, *, backfill: bool = True) -> Claim | None:
        """Take the next status that is due: new posts before backfill, the newest first."""
        now = self._clock()
        with self._database.writing() as db:
            due = db.execute(
                "SELECT status_id, attachment_id, backfill FROM attachment "
                "WHERE account = ? AND state = 'waiting' AND not_before <= ? AND backfill <= ?",
                (self._account, now, backfill),
            ).fetchall()
            if not due:
                return None
            chosen = max(due, key=lambda row: (not row[2], by_age(row[0])))[0]
            rows = [row for row in due if row[0] == chosen]
            db.execute(
                "UPDATE attachment SET state = 'claimed', attempts = attempts + 1, changed = ? "
                "WHERE account = ? AND status_id = ? AND state = 'waiting' AND not_before <= ?",
                (now, self._account, chosen, now),
            )
        return Claim(
            status_id=chosen,
            attachment_ids=tuple(row[1] for row in rows),
            backfill=bool(rows[0][2]),
            taken_at=now,
        )

    def finish(self, claim: Claim, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Write down what became of a claim; returns the failures that are tried again."""
        now = self._clock()
        again = []
        with self._database.writing() as db:
            for outcome in outcomes:
                key = (*self._held(claim), outcome.attachment_id)
                row = db.execute(
                    f"SELECT attempts FROM attachment WHERE {HELD} AND attachment_id = ?", key
                ).fetchone()
                if row is None:
                    continue
                wait = outcome.wait_after(row[0])
                if wait is not None:
                    again.append(replace(outcome, retry_after=wait))
                state = outcome.state if wait is None else "waiting"
                db.execute(
                    "UPDATE attachment SET state = ?, not_before = ?, reason = ?, changed = ?, "
                    f"put_back = 0 WHERE {HELD} AND attachment_id = ?",
                    (state, now + (wait or 0.0), outcome.reason, now, *key),
                )
        return again

    def release(self, claim: Claim, *, wait: float = 0.0) -> None:
        """Give a claim back as if it had not been taken, due again after ``wait`` seconds."""
        now = self._clock()
        with self._database.writing() as db:
            db.execute(
                "UPDATE attachment SET state = 'waiting', attempts = attempts - 1, "
                f"not_before = ?, changed = ? WHERE {HELD}",
                (now + wait, now, *self._held(claim)),
            )

    def put_back(self, claim: Claim) -> float:
        """Release a claim for which the server did not answer; returns the wait in seconds.

        Counting and releasing are one transaction. Between two, ``make_due`` of the thread that
        looks for posts could forget the count and miss the post, which is still claimed.
        """
        now = self._clock()
        with self._database.writing() as db:
            (before,) = db.execute(
                f"SELECT MAX(put_back) FROM attachment WHERE {HELD}", self._held(claim)
            ).fetchone()
            times = (before or 0) + 1
            wait = put_back_seconds(times)
            db.execute(
                "UPDATE attachment SET state = 'waiting', attempts = attempts - 1, "
                f"put_back = ?, not_before = ?, changed = ? WHERE {HELD}",
                (times, now + wait, now, *self._held(claim)),
            )
        return wait

    def make_due(self) -> None:
        """Make due what was put back, as if it never had been."""
        with self._database.writing() as db:
            db.execute(
                "UPDATE attachment SET not_before = ? "
                "WHERE account = ? AND state = 'waiting' AND put_back > 0",
                (self._clock(), self._account),
            )
            db.execute(
                "UPDATE attachment SET put_back = 0 WHERE account = ? AND put_back > 0",
                (self._account,),
            )

    def retry_failed(self) -> int:
        """Make everything that was given up due again; returns how many attachments that are."""
        with self._database.writing() as db:
            return db.execute(
                "UPDATE attachment SET state = 'waiting', attempts = 0, not_before = ? "
                "WHERE account = ? AND state = 'failed'",
                (self._clock(), self._account),
            ).rowcount

    def found_at(self, claim: Claim) -> float:
        """When the first of a claim's attachments was met."""
        with self._database.reading() as db:
            (found,) = db.execute(
                "SELECT MIN(found) FROM attachment WHERE account = ? AND status_id = ?",
                (self._account, claim.status_id),
            ).fetchone()
            return float(found)

    def next_due(self) -> float | None:
        """When the next attachment is due; None if none waits."""
        with self._database.reading() as db:
            (moment,) = db.execute(
                "SELECT MIN(not_before) FROM attachment WHERE account = ? AND state = 'waiting'",
                (self._account,),
            ).fetchone()
            return None if moment is None else float(moment)

    def counts(self) -> dict[AttachmentState, int]:
        """Number of attachments by state."""
        with self._database.reading() as db:
            return dict(
                db.execute(
                    "SELECT state, COUNT(*) FROM attachment WHERE account = ? GROUP BY state",
                    (self._account,),
                ).fetchall()
            )

    def _held(self, claim: Claim) -> tuple[int, str, float]:
        """What ``HELD`` asks for."""
        return (self._account, claim.status_id, claim.taken_at)
