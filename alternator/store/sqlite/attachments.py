"""The rows of one account's attachments: recorded, claimed, worked on, finished."""

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import inf, nextafter

from alternator.store.outcomes import (
    LONGEST_WAIT_SECONDS,
    AttachmentState,
    Claim,
    Found,
    History,
    Outcome,
    put_back_seconds,
    wait_after_failure,
)
from alternator.store.sqlite.database import Database

# The rows that a claim holds: it is over once they are in another state, or claimed anew.
HELD = "account = ? AND status_id = ? AND state = 'claimed' AND changed = ?"
# Due are those whose wait is over, and those whose wait is longer than any: a clock was wrong then.
DUE = f"(not_before <= :now OR not_before > :now + {LONGEST_WAIT_SECONDS})"
# As if a claim had not been taken.
NOT_COUNTED = "state = 'waiting', attempts = attempts - 1"


class SqliteAttachments:
    """What ``alternator.store.interface.AccountState`` says of attachments."""

    def __init__(self, database: Database, account: int, clock: Callable[[], float]) -> None:
        self._database = database
        self._account = account
        self._clock = clock
        self._taken_last = 0.0

    def _add(self, db: sqlite3.Connection, found: Iterable[Found]) -> int:
        """Remember attachments that are not known yet; returns how many those are."""
        now = self._clock()
        return sum(
            db.execute(
                "INSERT OR IGNORE INTO attachment (account, status_id, attachment_id, "
                "state, backfill, not_before, found, changed) "
                "VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)",
                (self._account, status.status_id, key, status.backfill, now, now, now),
            ).rowcount
            for status in found
            for key in status.attachment_ids
        )

    def claim(self, *, backfill: bool = True) -> Claim | None:
        """Take the next status that is due: new posts before backfill, the newest first."""
        now = self._clock()
        asked = {"account": self._account, "now": now, "backfill": backfill}
        with self._database.writing() as db:
            row = db.execute(
                "SELECT status_id, backfill FROM attachment INDEXED BY attachment_queue "
                f"WHERE account = :account AND state = 'waiting' AND {DUE} "
                "AND backfill <= :backfill "
                "ORDER BY backfill, length(status_id) DESC, status_id DESC LIMIT 1",
                asked,
            ).fetchone()
            if row is None:
                return None
            # Two claims of one moment are told apart all the same.
            taken_at = nextafter(now, inf) if now == self._taken_last else now
            self._taken_last = taken_at
            chosen = asked | {"status": row[0], "taken_at": taken_at}
            attachment_ids = tuple(
                key
                for (key,) in db.execute(
                    "SELECT attachment_id FROM attachment WHERE account = :account "
                    f"AND status_id = :status AND state = 'waiting' AND {DUE} "
                    "AND backfill <= :backfill",
                    chosen,
                )
            )
            # A moment that lies ahead was written by a clock that was wrong.
            db.execute(
                "UPDATE attachment SET state = 'claimed', attempts = attempts + 1, "
                "changed = :taken_at, found = MIN(found, :now), said_left = MIN(said_left, :now), "
                "first_attempt = IIF(attempts = 0, :now, MIN(COALESCE(first_attempt, :now), :now)) "
                f"WHERE account = :account AND status_id = :status AND state = 'waiting' AND {DUE} "
                "AND backfill <= :backfill",
                chosen,
            )
        return Claim(
            status_id=row[0],
            attachment_ids=attachment_ids,
            backfill=bool(row[1]),
            taken_at=taken_at,
        )

    def finish(self, claim: Claim, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Write down what became of a claim; returns the outcomes that are not final."""
        now = self._clock()
        again = []
        with self._database.writing() as db:
            for outcome in outcomes:
                key = (*self._held(claim), outcome.attachment_id)
                row = db.execute(
                    "SELECT attempts, first_attempt, said_left, deferred FROM attachment "
                    f"WHERE {HELD} AND attachment_id = ?",
                    key,
                ).fetchone()
                if row is None:
                    continue
                said_left = row[2] if outcome.state == "left" else None
                history = History(
                    attempts=row[0],
                    tried_for=max(now - row[1], 0.0),
                    said_for=None if said_left is None else max(now - said_left, 0.0),
                    deferred=row[3],
                )
                wait = outcome.wait_after(history)
                if wait is not None:
                    again.append(replace(outcome, retry_after=wait))
                    if outcome.state == "left" and said_left is None:
                        said_left = now
                db.execute(
                    "UPDATE attachment SET state = ?, not_before = ?, reason = ?, changed = ?, "
                    "attempts = attempts - ?, said_left = ?, deferred = ?, put_back = 0, "
                    f"edits_before = NULL WHERE {HELD} AND attachment_id = ?",
                    (
                        outcome.state if wait is None else "waiting",
                        now + (wait or 0.0),
                        outcome.reason,
                        now,
                        0 if outcome.uses_attempt else 1,
                        said_left,
                        0 if outcome.counts else history.deferred + 1,
                        *key,
                    ),
                )
        return again

    def release(self, claim: Claim, *, wait: float = 0.0) -> None:
        """Give a claim back as if it had not been taken, due again after ``wait`` seconds."""
        now = self._clock()
        with self._database.writing() as db:
            db.execute(
                f"UPDATE attachment SET {NOT_COUNTED}, not_before = ?, changed = ? WHERE {HELD}",
                (now + min(wait, LONGEST_WAIT_SECONDS), now, *self._held(claim)),
            )

    def put_back(self, claim: Claim, *, edit_failed: bool = False) -> float | None:
        """Release a claim for which the server did not answer; returns the wait in seconds.

        Counting and releasing are one transaction. Between two, ``make_due`` of the thread that
        looks for posts could forget the count and miss the post, which is still claimed.
        """
        now = self._clock()
        held = self._held(claim)
        with self._database.writing() as db:
            times, edits_before, attempts, since = db.execute(
                "SELECT COALESCE(MAX(put_back), 0) + 1, MIN(edits_before), "
                "COALESCE(MIN(attempts), 1), COALESCE(MIN(first_attempt), ?) "
                f"FROM attachment WHERE {HELD}",
                (now, *held),
            ).fetchone()
            (edits,) = db.execute(
                "SELECT edits FROM account WHERE id = ?", (self._account,)
            ).fetchone()
            if edit_failed and edits_before is not None and edits > edits_before:
                counted = wait_after_failure(attempts, max(now - since, 0.0))
                db.execute(
                    "UPDATE attachment SET state = ?, not_before = ?, changed = ?, put_back = 0, "
                    f"reason = 'the server fails at the edit of this post' WHERE {HELD}",
                    (
                        "failed" if counted is None else "waiting",
                        now + (counted or 0.0),
                        now,
                        *held,
                    ),
                )
                return counted
            wait = put_back_seconds(times, edit_failed=edit_failed)
            db.execute(
                f"UPDATE attachment SET {NOT_COUNTED}, put_back = ?, not_before = ?, changed = ?, "
                f"edits_before = COALESCE(edits_before, ?) WHERE {HELD}",
                (times, now + wait, now, edits if edit_failed else None, *held),
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
                "UPDATE attachment SET state = 'waiting', attempts = 0, not_before = ?, "
                "put_back = 0, deferred = 0, said_left = NULL, edits_before = NULL "
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
        now = self._clock()
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
            wrong = latest > now + LONGEST_WAIT_SECONDS
            return min(float(earliest), now) if wrong else float(earliest)

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
