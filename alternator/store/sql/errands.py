"""The errands of one account, in its rows of ``errand``."""

from collections.abc import Collection

from alternator.store.elapsed import ElapsedTime
from alternator.store.errands import MOST_REMEMBERED, MOST_WAITING, Errand, KeptErrand
from alternator.store.sql.database import Connection, Database

COLUMNS = (
    "number, kind, status_id, attachment_id, text, why, begun, EXISTS (SELECT 1 FROM written "
    "WHERE written.account = errand.account AND written.status_id = errand.status_id "
    "AND written.attachment_id = errand.attachment_id AND written.id > errand.begun)"
)


class SqlErrands:
    """``alternator.store.errands.Errands`` of the account with this row."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    def ask(self, errand: Errand) -> bool:
        """Hand an errand over."""
        lock_post = self._database.dialect.lock_post
        with self._database.writing(durable=True) as db:
            if lock_post is not None:
                db.execute(lock_post, (self._account, errand.status_id))
            waiting = [kept.errand for kept in self._all(db, "ended IS NULL")]
            if errand in waiting or len(waiting) >= MOST_WAITING:
                return False
            db.execute(
                "INSERT INTO errand (account, kind, status_id, attachment_id, text, asked) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self._account,
                    errand.kind,
                    errand.status_id,
                    errand.attachment_id,
                    errand.text,
                    self._time.now(),
                ),
            )
        return True

    def next(self, passed_over: Collection[str] = ()) -> KeptErrand | None:
        """The one that has waited for the longest."""
        with self._database.reading() as db:
            waiting = self._all(db, "ended IS NULL")
        return next((one for one in waiting if one.errand.status_id not in passed_over), None)

    def get(self, number: int) -> KeptErrand | None:
        """One that waits."""
        with self._database.reading() as db:
            found = self._all(db, "ended IS NULL AND number = ?", number)
        return found[0] if found else None

    def begin(self, number: int) -> None:
        """An errand is about to be done."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "UPDATE errand SET begun = (SELECT COALESCE(MAX(id), 0) FROM written) "
                "WHERE account = ? AND number = ?",
                (self._account, number),
            )

    def end(self, number: int, why: str = "") -> None:
        """An errand was done, or can't be."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "UPDATE errand SET ended = ?, why = ? WHERE account = ? AND number = ?",
                (self._time.now(), why, self._account, number),
            )
            db.execute(
                "DELETE FROM errand WHERE account = ? AND ended IS NOT NULL AND number NOT IN ("
                "SELECT number FROM errand WHERE account = ? AND ended IS NOT NULL "
                "ORDER BY ended DESC, number DESC LIMIT ?)",
                (self._account, self._account, MOST_REMEMBERED),
            )

    def waiting(self, status_id: str) -> list[Errand]:
        """What waits for a post."""
        with self._database.reading() as db:
            found = self._all(db, "ended IS NULL AND status_id = ?", status_id)
        return [kept.errand for kept in found]

    def ended(self, status_id: str) -> dict[str, KeptErrand]:
        """What came of the last errand for each attachment of a post."""
        with self._database.reading() as db:
            found = self._all(db, "ended IS NOT NULL AND status_id = ?", status_id)
        return {kept.errand.attachment_id: kept for kept in found}

    def _all(self, db: Connection, condition: str, *values: object) -> list[KeptErrand]:
        rows = db.execute(
            f"SELECT {COLUMNS} FROM errand WHERE account = ? AND {condition} ORDER BY number",
            (self._account, *values),
        )
        return [
            KeptErrand(
                number=row[0],
                errand=Errand(kind=row[1], status_id=row[2], attachment_id=row[3], text=row[4]),
                why=row[5],
                begun=row[6] is not None,
                sent_since=bool(row[7]),
            )
            for row in rows
        ]
