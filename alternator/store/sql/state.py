"""What is remembered about an account as a whole.

The server is the source of truth, so a lost file only costs looking again. A claim that a crash
cut short goes back to ``waiting`` at the next start; it has counted as an attempt, so that an
attachment that takes the bot down is not tried for ever.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from alternator.errors import StateError
from alternator.store.elapsed import ElapsedTime
from alternator.store.outcomes import Claim, Cursors, Found, by_age
from alternator.store.overview import Overview, Trouble
from alternator.store.sql.asked import SqlAsked
from alternator.store.sql.claims import SqlClaims
from alternator.store.sql.database import Database
from alternator.store.sql.drafts import SqlDrafts
from alternator.store.sql.ends import HELD
from alternator.store.sql.errands import SqlErrands
from alternator.store.sql.history import SqlHistory
from alternator.store.sql.ledger import SqlLedger
from alternator.store.sql.listing import SqlListing
from alternator.store.sql.outgoing import SqlOutgoings

# Those given up first. `not_before` is when one of them was (alternator/store/sql/listing.py).
TROUBLES = (
    "SELECT * FROM (SELECT status_id, attachment_id, attempts, reason, found, "
    "CAST(NULL AS DOUBLE PRECISION) AS again, state, not_before AS moment FROM attachment "
    "WHERE account = ? AND state = 'failed' ORDER BY not_before DESC LIMIT {most}) AS given_up "
    "UNION ALL SELECT * FROM (SELECT status_id, attachment_id, attempts, reason, found, "
    "not_before, state, changed FROM attachment WHERE account = ? AND state = 'waiting' "
    "AND reason != '' ORDER BY changed DESC LIMIT {most}) AS tried_again "
    "ORDER BY state, moment DESC LIMIT {most}"
)


class SqlAccountState(SqlClaims):
    """``alternator.store.interface.AccountState``: one account's row, and those of its posts."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        super().__init__(database, account, time)
        self.listing = SqlListing(database, account, time)
        self.drafts = SqlDrafts(database, account, time)
        self.errands = SqlErrands(database, account, time)
        self.ledger = SqlLedger(database, account, time)
        self.history = SqlHistory(database, account, time)
        self.asked = SqlAsked(database, account, time)
        self.outgoing = SqlOutgoings(database, account, time)
        self._to_halt: str | None = None  # a reason that is not written down yet

    @property
    def key(self) -> int:
        """The number of the account's row."""
        return self._account

    def cursors(self) -> Cursors:
        """How far the account has been looked through."""
        with self._database.reading() as db:
            newest, floor = self._row(db, "cursor, floor")
            return Cursors(newest=newest, floor=floor)

    def first_start(self) -> float:
        """When the account was first used."""
        with self._database.reading() as db:
            (moment,) = self._row(db, "first_start")
            return float(moment)

    def admit_old(self, status_ids: Sequence[str], limit: int) -> frozenset[str]:
        """Which of these posts from before the first start are taken on, up to ``limit`` in all."""
        with self._database.writing(durable=True) as db:
            # Alone with the account until the end, so that two do not admit more than there may be.
            self._row(db, "id", locked=True)
            before = {
                status_id
                for (status_id,) in db.execute(
                    "SELECT status_id FROM admitted WHERE account = ?", (self._account,)
                )
            }
            others = [key for key in dict.fromkeys(status_ids) if key not in before]
            admitted = others[: max(limit - len(before), 0)]
            db.executemany(
                "INSERT INTO admitted (account, status_id) VALUES (?, ?)",
                [(self._account, key) for key in admitted],
            )
        return frozenset(status_ids) & (before | set(admitted))

    def record(
        self, found: Iterable[Found], *, cursor: str | None = None, floor: str | None = None
    ) -> tuple[str, ...]:
        """Remember statuses with work to do, and how far the account has been looked through."""
        with self._database.writing() as db:
            new = self._add(db, found)
            if cursor is None and floor is None:
                return new
            (before,) = self._row(db, "cursor", locked=True)
            if cursor is not None and (before is None or by_age(cursor) > by_age(before)):
                db.execute("UPDATE account SET cursor = ? WHERE id = ?", (cursor, self._account))
            if floor is not None:
                db.execute("UPDATE account SET floor = ? WHERE id = ?", (floor, self._account))
        return new

    def halt(self, reason: str) -> None:
        """Edit nothing more until a person says otherwise; the first reason is kept."""
        self._to_halt = self._to_halt or reason
        self._write_halt()

    def halted(self) -> str | None:
        """Why nothing is edited any more; None if there is no such reason."""
        if self._to_halt is not None:
            reason = self._to_halt
            self._write_halt()
            return reason
        with self._database.reading() as db:
            (found,) = self._row(db, "halted")
            return None if found is None else str(found)

    def resume(self) -> None:
        """A person has said that editing may go on."""
        with self._database.writing(durable=True) as db:
            db.execute("UPDATE account SET halted = NULL WHERE id = ?", (self._account,))
        self._to_halt = None

    def claim(self, *, backfill: bool = True, speech: bool = True) -> Claim | None:
        """Take the next status that is due; none of an account that is halted."""
        if self._to_halt is not None:
            return None
        return super().claim(backfill=backfill, speech=speech)

    def claim_of(self, status_id: str) -> Claim | None:
        """Take what is due of one post; nothing of an account that is halted."""
        return None if self.halted() is not None else super().claim_of(status_id)

    @contextmanager
    def editing(self, claim: Claim) -> Iterator[bool]:
        """A stretch in which the post of a claim is edited: one at a time for the whole account."""
        lock = self._database.dialect.lock_edits
        if lock is None:
            yield True
            return
        with self._database.writing() as db:
            db.execute(lock, (self._account,))
            (held,) = db.execute(
                f"SELECT COUNT(*) FROM attachment WHERE {HELD}", self._held(claim)
            ).fetchone()
            yield held > 0 and self.halted() is None

    def due_of(self, status_id: str) -> float | None:
        """When the next attachment of a post is due; None if none waits, or nothing is edited."""
        return None if self.halted() is not None else super().due_of(status_id)

    def next_due(self) -> float | None:
        """When the next attachment is due; None if none waits, or the account is halted."""
        return None if self.halted() is not None else super().next_due()

    def overview(self, most_troubles: int) -> Overview:
        """What stands out, with so many of the attachments in trouble at most."""
        with self._database.reading() as db:
            (last,) = db.execute(
                "SELECT MAX(changed) FROM written WHERE account = ? AND outcome = 'written'",
                (self._account,),
            ).fetchone()
            rows = db.execute(
                TROUBLES.format(most=most_troubles), (self._account, self._account)
            ).fetchall()
        return Overview(
            counts=self.counts(),
            oldest=self.listing.oldest_waiting(),
            last=last,
            halted=self.halted(),
            asked=self.asked.numbers(),
            troubles=tuple(
                Trouble(
                    status_id=row[0],
                    attachment_id=row[1],
                    attempts=row[2],
                    reason=row[3],
                    since=row[4],
                    again=row[5],
                )
                for row in rows
            ),
        )

    def _write_halt(self) -> None:
        """Write the reason down; where that can't be now, it holds in this process all the same."""
        with suppress(StateError):
            with self._database.writing(durable=True) as db:
                db.execute(
                    "UPDATE account SET halted = COALESCE(halted, ?) WHERE id = ?",
                    (self._to_halt, self._account),
                )
            self._to_halt = None
