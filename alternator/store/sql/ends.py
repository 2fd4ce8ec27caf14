"""The ends of claims on one account's attachments: finished, released, put back."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from alternator.errors import TemporaryStateError
from alternator.store.elapsed import ElapsedTime
from alternator.store.outcomes import (
    LONGEST_WAIT_SECONDS,
    Claim,
    History,
    Outcome,
    put_back_seconds,
    wait_after_failure,
)
from alternator.store.sql.attachments import SqlAttachments
from alternator.store.sql.database import Connection, Database

# The rows that a claim holds: it is over once they are in another state, or claimed anew.
HELD = "account = ? AND status_id = ? AND state = 'claimed' AND changed = ?"
# As if a claim had not been taken.
NOT_COUNTED = "state = 'waiting', attempts = attempts - 1"


class SqlEnds(SqlAttachments):
    """What ``alternator.store.interface.AccountState`` says of the ends of claims.

    A claim whose end could not be written down (a lock, a full disk) is over all the same: the next
    one frees its rows, and its post is looked at anew. What was edited has its description then,
    so it is not edited twice.
    """

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        super().__init__(database, account, time)
        self._unended: list[Claim] = []

    def _free_unended(self, db: Connection) -> int:
        """Free the rows of claims that could not be ended; returns how many claims that are."""
        over = len(self._unended)
        for claim in self._unended[:over]:
            db.execute(f"UPDATE attachment SET {NOT_COUNTED} WHERE {HELD}", self._held(claim))
        return over

    def finish(self, claim: Claim, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Write down what became of a claim; returns the outcomes that are not final."""
        now = self._time.now()
        again = []
        edited = False
        with self._ending(claim) as db:
            for outcome in outcomes:
                key = (*self._held(claim), outcome.attachment_id)
                row = db.execute(
                    "SELECT attempts, first_attempt, said_left, deferred FROM attachment "
                    f"WHERE {HELD} AND attachment_id = ?",
                    key,
                ).fetchone()
                if row is None:
                    continue
                edited = edited or (outcome.state == "described" and not outcome.earlier)
                said_left = row[2] if outcome.state == "left" else None
                history = History(
                    attempts=row[0],
                    tried_for=self._time.since(row[1]),
                    said_for=None if said_left is None else self._time.since(said_left),
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
            if edited:
                db.execute("UPDATE account SET edits = edits + 1 WHERE id = ?", (self._account,))
        return again

    def release(self, claim: Claim, *, wait: float = 0.0, speech: Collection[str] = ()) -> None:
        """Give a claim back as if it had not been taken, due again after ``wait`` seconds."""
        now = self._time.now()
        with self._ending(claim) as db:
            db.executemany(
                f"UPDATE attachment SET speech = 1 WHERE {HELD} AND attachment_id = ?",
                [(*self._held(claim), key) for key in speech],
            )
            db.execute(
                f"UPDATE attachment SET {NOT_COUNTED}, not_before = ?, changed = ? WHERE {HELD}",
                (now + min(wait, LONGEST_WAIT_SECONDS), now, *self._held(claim)),
            )

    def put_back(self, claim: Claim, *, edit_failed: bool = False) -> float | None:
        """Release a claim for which the server did not answer; returns the wait in seconds.

        Counting and releasing are one transaction. Between two, ``make_due`` of the thread that
        looks for posts could forget the count and miss the post, which is still claimed.
        """
        now = self._time.now()
        held = self._held(claim)
        with self._ending(claim) as db:
            times, edits_before, attempts, since = db.execute(
                "SELECT COALESCE(MAX(put_back), 0) + 1, MIN(edits_before), "
                "COALESCE(MIN(attempts), 1), COALESCE(MIN(first_attempt), ?) "
                f"FROM attachment WHERE {HELD}",
                (now, *held),
            ).fetchone()
            (edits,) = self._row(db, "edits")
            if edit_failed and edits_before is not None and edits > edits_before:
                counted = wait_after_failure(attempts, self._time.since(since))
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

    def found_at(self, claim: Claim) -> float:
        """When the first of a claim's attachments was met."""
        try:
            with self._database.reading() as db:
                (found,) = db.execute(
                    "SELECT MIN(found) FROM attachment WHERE account = ? AND status_id = ?",
                    (self._account, claim.status_id),
                ).fetchone()
                if found is None:  # no post goes but with its account
                    self._row(db, "id")
                    return self._time.now()
                return float(found)
        except TemporaryStateError:
            self._unended.append(claim)  # who asks can't begin with it
            raise

    def _held(self, claim: Claim) -> tuple[int, str, float]:
        """What ``HELD`` asks for."""
        return (self._account, claim.status_id, claim.taken_at)

    @contextmanager
    def _ending(self, claim: Claim) -> Iterator[Connection]:
        """A transaction that ends a claim."""
        try:
            with self._database.writing() as db:
                yield db
        except TemporaryStateError:
            self._unended.append(claim)
            raise
