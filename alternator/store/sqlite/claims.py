"""The claims on one account's attachments: taken, finished, released, put back."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf, nextafter

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
from alternator.store.sqlite.attachments import SqliteAttachments
from alternator.store.sqlite.database import Database
from alternator.store.sqlite.history import NOT_HELD

# The rows that a claim holds: it is over once they are in another state, or claimed anew.
HELD = "account = ? AND status_id = ? AND state = 'claimed' AND changed = ?"


def due(row: str = "") -> str:
    """Whether a row's wait is over, or longer than any: a clock was wrong then."""
    moment = f"{row}not_before"
    return f"({moment} <= :now OR {moment} > :now + {LONGEST_WAIT_SECONDS})"


DUE = due()
# Those of one status, for a claim that takes them. The plus keeps SQLite from going through all
# that waits (https://www.sqlite.org/optoverview.html#disqualifying_where_clause_terms_using_unary_):
# with 10,000 attachments each claim took 1.0 ms so, and takes 0.04 ms.
TAKEN = (
    "account = :account AND status_id = :status AND backfill <= :backfill "
    f"AND +state = 'waiting' AND {DUE}"
)
# Of such a claim, one at least is transcribed. For a row of the queue that is looked at.
WITH_SPEECH = (
    "EXISTS (SELECT 1 FROM attachment AS beside WHERE beside.account = :account "
    "AND beside.status_id = attachment.status_id AND beside.backfill <= :backfill "
    f"AND beside.state = 'waiting' AND beside.speech = 1 AND {due('beside.')})"
)
# As if a claim had not been taken.
NOT_COUNTED = "state = 'waiting', attempts = attempts - 1"


class SqliteClaims(SqliteAttachments):
    """What ``alternator.store.interface.AccountState`` says of claims.

    A claim whose end could not be written down (a lock, a full disk) is over all the same: the next
    one frees its rows, and its post is looked at anew. What was edited has its description then,
    so it is not edited twice.
    """

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        super().__init__(database, account, time)
        self._taken_last = 0.0
        self._unended: list[Claim] = []

    def claim(self, *, backfill: bool = True, speech: bool = True) -> Claim | None:
        """Take the next status that is due: new posts before backfill, the newest first."""
        with self._database.writing() as db:
            over = len(self._unended)
            for claim in self._unended[:over]:
                db.execute(f"UPDATE attachment SET {NOT_COUNTED} WHERE {HELD}", self._held(claim))
            taken = self._take(db, backfill, speech)
        del self._unended[:over]
        return taken

    def _take(self, db: sqlite3.Connection, backfill: bool, speech: bool) -> Claim | None:
        now = self._time.now()
        asked: dict[str, object] = {
            "account": self._account,
            "now": now,
            "backfill": backfill,
            "speech": speech,
        }
        row = self._next(db, asked, "AND put_back = 0") or self._next(db, asked)
        if row is None:
            return None
        # Two claims of one moment are told apart all the same.
        taken_at = nextafter(now, inf) if now == self._taken_last else now
        self._taken_last = taken_at
        chosen = asked | {"status": row[0], "taken_at": taken_at}
        rows = db.execute(
            f"SELECT attachment_id, speech FROM attachment WHERE {TAKEN}", chosen
        ).fetchall()
        # A moment that lies ahead was written by a clock that was wrong.
        db.execute(
            "UPDATE attachment SET state = 'claimed', attempts = attempts + 1, "
            "changed = :taken_at, found = MIN(found, :now), said_left = MIN(said_left, :now), "
            "first_attempt = IIF(attempts = 0, :now, MIN(COALESCE(first_attempt, :now), :now)) "
            f"WHERE {TAKEN}",
            chosen,
        )
        return Claim(
            status_id=row[0],
            attachment_ids=tuple(key for key, _ in rows),
            backfill=bool(row[1]),
            speech=any(transcribed for _, transcribed in rows),
            taken_at=taken_at,
        )

    def _next(
        self, db: sqlite3.Connection, asked: dict[str, object], also: str = ""
    ) -> tuple[str, int] | None:
        """The next post that is due. Those that the server failed for come last.

        One for which it asks to wait holds up the whole account. It was due again when that was
        over, as the newest, and no other ever had its turn.
        """
        row: tuple[str, int] | None = db.execute(
            "SELECT status_id, backfill FROM attachment INDEXED BY attachment_queue "
            f"WHERE account = :account AND state = 'waiting' AND {DUE} AND backfill <= :backfill "
            f"AND (:speech OR speech = 0 AND NOT {WITH_SPEECH}) AND {NOT_HELD} "
            "AND NOT EXISTS (SELECT 1 FROM account WHERE id = :account AND halted IS NOT NULL) "
            f"{also} ORDER BY backfill, length(status_id) DESC, status_id DESC LIMIT 1",
            asked,
        ).fetchone()
        return row

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
            (edits,) = db.execute(
                "SELECT edits FROM account WHERE id = ?", (self._account,)
            ).fetchone()
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
                return float(found)
        except TemporaryStateError:
            self._unended.append(claim)  # who asks can't begin with it
            raise

    def _held(self, claim: Claim) -> tuple[int, str, float]:
        """What ``HELD`` asks for."""
        return (self._account, claim.status_id, claim.taken_at)

    @contextmanager
    def _ending(self, claim: Claim) -> Iterator[sqlite3.Connection]:
        """A transaction that ends a claim."""
        try:
            with self._database.writing() as db:
                yield db
        except TemporaryStateError:
            self._unended.append(claim)
            raise
