"""The listing of one account's attachments, from its rows of ``attachment``."""

from collections.abc import Collection, Sequence
from typing import Any

from alternator.store.elapsed import ElapsedTime
from alternator.store.listing import Described, Listed
from alternator.store.outcomes import AttachmentState
from alternator.store.sql.attachments import ANEW, counted
from alternator.store.sql.database import Database, marks_of

COLUMNS = "status_id, attachment_id, state, reason, attempts, backfill, not_before, found, changed"
# Of an attachment that is done with, `not_before` is when it came to that: what the index
# attachment_by_state is ordered by, so that of each state the first are read, and no others.
NEWEST_FIRST = "ORDER BY not_before DESC, status_id DESC, attachment_id"
NEXT_FIRST = "ORDER BY not_before, status_id, attachment_id"
REVERSED = {
    NEWEST_FIRST: "ORDER BY not_before, status_id, attachment_id DESC",
    NEXT_FIRST: "ORDER BY not_before DESC, status_id DESC, attachment_id DESC",
}
# What is behind so many is looked for from the end that is nearer.
FAR = 500


class SqlListing:
    """``alternator.store.listing.Listing``."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    # size: two of them say which, two how much.
    def page(
        self,
        states: Collection[AttachmentState],
        *,
        most: int,
        skip: int = 0,
        status_id: str | None = None,
    ) -> Sequence[Listed]:
        """Those in these states, what happened last first."""
        order = NEXT_FIRST if set(states) == {"waiting"} else NEWEST_FIRST
        if status_id is not None:
            condition, values = self._which(states, status_id)
            wanted = f"SELECT {COLUMNS} FROM attachment WHERE {condition} {order}"
            rows = self._rows(f"{wanted} LIMIT {most:d} OFFSET {skip:d}", values)
        elif skip >= FAR and (left := self.number(states) - skip) < skip:
            most = max(min(most, left), 0)
            rows = self._part(states, REVERSED[order], most, max(left - most, 0))[::-1]
        else:
            rows = self._part(states, order, most, skip)
        return [
            Listed(
                status_id=row[0],
                attachment_id=row[1],
                state=row[2],
                reason=row[3],
                attempts=row[4],
                backfill=bool(row[5]),
                due=row[6],
                found=row[7],
                changed=row[8],
            )
            for row in rows
        ]

    def _part(
        self, states: Collection[AttachmentState], order: str, most: int, skip: int
    ) -> list[Any]:
        """Rows of a part of an order: of each state are read as many as may be of that part."""
        if not states or not most:
            return []
        # Numbers in place of parameters: of a plan that is to serve whatever number, PostgreSQL
        # expects a tenth of all rows, and it sorts them all then.
        of_states = " UNION ALL ".join(
            f"SELECT * FROM (SELECT {COLUMNS} FROM attachment WHERE account = ? AND state = ? "
            f"{order} LIMIT {most + skip:d}) AS of_{number}"
            for number, _ in enumerate(states)
        )
        values = [value for state in states for value in (self._account, state)]
        return self._rows(f"{of_states} {order} LIMIT {most:d} OFFSET {skip:d}", values)

    def _rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        with self._database.reading() as db:
            return db.execute(statement, values).fetchall()

    def number(self, states: Collection[AttachmentState], *, status_id: str | None = None) -> int:
        """How many those are."""
        if status_id is None:
            with self._database.reading() as db:
                numbers = counted(db, self._account)
            return sum(numbers.get(state, 0) for state in states)
        condition, values = self._which(states, status_id)
        with self._database.reading() as db:
            (found,) = db.execute(
                f"SELECT COUNT(*) FROM attachment WHERE {condition}", values
            ).fetchone()
        return int(found)

    def oldest_waiting(self) -> float | None:
        """When the one that waits for the longest was met."""
        with self._database.reading() as db:
            (found,) = db.execute(
                "SELECT MIN(found) FROM attachment WHERE account = ? AND state = 'waiting'",
                (self._account,),
            ).fetchone()
        return None if found is None else float(found)

    def reasons(self, state: AttachmentState, most: int) -> Sequence[tuple[str, int]]:
        """The reasons of those in a state with their numbers."""
        with self._database.reading() as db:
            rows: list[tuple[str, int]] = db.execute(
                "SELECT reason, COUNT(*) AS number FROM attachment WHERE account = ? "
                "AND state = ? GROUP BY reason ORDER BY number DESC, reason LIMIT ?",
                (self._account, state, most),
            ).fetchall()
        return rows

    def described_since(self, moment: float) -> Sequence[Described]:
        """What was described since a time."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT not_before, CASE WHEN not_before > found THEN not_before - found "
                "ELSE 0.0 END, backfill FROM attachment "
                "WHERE account = ? AND state = 'described' AND not_before >= ? "
                "ORDER BY not_before",
                (self._account, moment),
            ).fetchall()
        return [Described(at, after, bool(backfill)) for at, after, backfill in rows]

    def retry(self, status_id: str, attachment_id: str | None = None) -> int:
        """Make due what was given up or left alone of a post, or one attachment."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            return db.execute(
                f"UPDATE attachment SET {ANEW}, backfill = 0, changed = ? "
                "WHERE account = ? AND status_id = ? "
                "AND (CAST(? AS TEXT) IS NULL OR attachment_id = ?) "
                "AND state IN ('failed', 'left')",
                (now, now, self._account, status_id, attachment_id, attachment_id),
            ).rowcount

    def _which(
        self, states: Collection[AttachmentState], status_id: str
    ) -> tuple[str, tuple[object, ...]]:
        """The condition on a row of one post, and its values."""
        condition = f"account = ? AND status_id = ? AND state IN ({marks_of(states)})"
        return condition, (self._account, status_id, *states)
