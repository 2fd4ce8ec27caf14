"""The history of one account's edits, in its rows of ``written`` and ``held``."""

from collections.abc import Collection, Iterable, Sequence

from alternator.store.edit_history import HOLD_SECONDS, MOST_KEPT, UNDONE, PastEdit, Writing
from alternator.store.elapsed import APART_SECONDS, ElapsedTime
from alternator.store.sql.database import Connection, Database

# The oldest are counted off, through all that are kept, at one in so many entries.
DROPPED_EVERY = 100
COLUMNS = (
    "status_id, attachment_id, kind, before, text, attribution, outcome, reason, sent, changed, "
    "edited_at, replaces"
)
ENTRY = "account = ? AND status_id = ? AND attachment_id = ? AND outcome IN ('sent', 'written')"
# Whether an undo is at work on a post; one that ends long after today was begun by a clock that
# was wrong.
HELD = (
    "EXISTS (SELECT 1 FROM held WHERE held.account = :account AND held.status_id = {status} "
    f"AND held.until > :now AND held.until <= :now + {HOLD_SECONDS + APART_SECONDS})"
)
# For the queue's next post: alternator/store/sql/claims.py.
NOT_HELD = f"NOT {HELD.format(status='attachment.status_id')}"


class SqlHistory:
    """``alternator.store.edit_history.EditHistory``."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    def sending(self, status_id: str, writings: Iterable[Writing]) -> None:
        """These are about to be sent."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            numbers = []
            for entry in writings:
                db.execute(
                    "DELETE FROM written WHERE account = ? AND status_id = ? "
                    "AND attachment_id = ? AND outcome != 'undone'",
                    (self._account, status_id, entry.attachment_id),
                )
                (number,) = db.execute(
                    "INSERT INTO written (account, status_id, attachment_id, kind, before, text, "
                    "attribution, replaces, outcome, sent, changed) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'sent', ?, ?) RETURNING id",
                    (
                        self._account,
                        status_id,
                        entry.attachment_id,
                        entry.kind,
                        entry.before,
                        entry.text,
                        entry.attribution,
                        entry.replaces,
                        now,
                        now,
                    ),
                ).fetchone()
                numbers.append(number)
            if any(number % DROPPED_EVERY == 0 for number in numbers):
                db.execute(
                    "DELETE FROM written WHERE account = ? AND id <= (SELECT id FROM written "
                    "WHERE account = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                    (self._account, self._account, MOST_KEPT),
                )

    def written(
        self, status_id: str, attachment_ids: Collection[str], *, edited_at: float | None
    ) -> None:
        """The post shows these texts."""
        now = self._time.now()
        with self._database.writing() as db:
            db.executemany(
                f"UPDATE written SET outcome = 'written', reason = '', changed = ? WHERE {ENTRY}",
                [(now, self._account, status_id, key) for key in attachment_ids],
            )
            # The post's, not each text's: an edit for one of them is an edit for all.
            db.execute(
                "UPDATE written SET edited_at = ? WHERE account = ? AND status_id = ?",
                (edited_at, self._account, status_id),
            )

    def refused(self, status_id: str, attachment_ids: Collection[str], reason: str) -> None:
        """These texts are not in the post."""
        now = self._time.now()
        with self._database.writing() as db:
            db.executemany(
                f"UPDATE written SET outcome = 'refused', reason = ?, changed = ? WHERE {ENTRY}",
                [(reason, now, self._account, status_id, key) for key in attachment_ids],
            )

    def entries(self, *, status_id: str | None = None, count: int = MOST_KEPT) -> list[PastEdit]:
        """The newest first; of one post where it is named."""
        of_post = "" if status_id is None else "AND status_id = ?"
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT {COLUMNS} FROM written WHERE account = ? {of_post} "
                # A number in place of a parameter: alternator/store/sql/listing.py.
                f"ORDER BY id DESC LIMIT {count:d}",
                (self._account,) if status_id is None else (self._account, status_id),
            ).fetchall()
        return [
            PastEdit(
                status_id=row[0],
                writing=Writing(
                    attachment_id=row[1],
                    kind=row[2],
                    before=row[3],
                    text=row[4],
                    attribution=row[5],
                    replaces=row[11],
                ),
                outcome=row[6],
                reason=row[7],
                sent_at=row[8],
                changed_at=row[9],
                edited_at=row[10],
            )
            for row in rows
        ]

    def texts_of(self, attachment_id: str) -> frozenset[str]:
        """What was sent for an attachment."""
        with self._database.reading() as db:
            return frozenset(
                text
                for (text,) in db.execute(
                    "SELECT text FROM written WHERE account = ? AND attachment_id = ?",
                    (self._account, attachment_id),
                )
            )

    def is_busy(self, status_id: str) -> bool:
        """Whether the bot, or an undo, is at work on a post."""
        with self._database.reading() as db:
            return any(self._at_work(db, status_id, self._time.now()))

    def _at_work(self, db: Connection, status_id: str, now: float) -> tuple[bool, bool]:
        """Whether an undo is at work on a post, and whether the bot is."""
        held, claimed = db.execute(
            f"SELECT {HELD.format(status=':status')}, EXISTS (SELECT 1 FROM attachment WHERE "
            "account = :account AND status_id = :status AND state = 'claimed')",
            {"account": self._account, "status": status_id, "now": now},
        ).fetchone()
        return bool(held), bool(claimed)

    def begin_undo(
        self,
        status_id: str,
        attachment_ids: Sequence[str],
        *,
        alone: bool,
        by_bot: bool = False,
    ) -> bool:
        """Keep the bot from a post, and from these attachments for good."""
        now = self._time.now()
        lock_post = self._database.dialect.lock_post
        with self._database.writing(durable=True) as db:
            if lock_post is not None:
                db.execute(lock_post, (self._account, status_id))
            if alone:
                db.execute("DELETE FROM held WHERE account = ? AND by_bot = 1", (self._account,))
            held, claimed = self._at_work(db, status_id, now)
            if held or (claimed and not alone):
                return False
            db.execute(
                "INSERT INTO held (account, status_id, until, by_bot) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (account, status_id) DO UPDATE SET until = excluded.until, "
                "by_bot = excluded.by_bot",
                (self._account, status_id, now + HOLD_SECONDS, by_bot),
            )
            # Now, not at the end: whatever becomes of this process, what it takes away is not
            # written anew.
            db.executemany(
                "INSERT INTO attachment (account, status_id, attachment_id, state, backfill, "
                "not_before, reason, found, changed) VALUES (?, ?, ?, 'left', 0, ?, ?, ?, ?) "
                "ON CONFLICT (account, status_id, attachment_id) DO UPDATE SET state = 'left', "
                "reason = excluded.reason, changed = excluded.changed",
                [(self._account, status_id, key, now, UNDONE, now, now) for key in attachment_ids],
            )
        return True

    def end_undo(
        self,
        status_id: str,
        attachment_ids: Sequence[str],
        undone: Collection[str],
        *,
        edited_at: float | None = None,
    ) -> None:
        """The undo is over."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            db.execute(
                "DELETE FROM held WHERE account = ? AND status_id = ?", (self._account, status_id)
            )
            db.executemany(
                f"UPDATE written SET outcome = 'undone', changed = ? WHERE {ENTRY}",
                [(now, self._account, status_id, key) for key in undone],
            )
            if undone:
                db.execute(
                    "UPDATE written SET edited_at = ? WHERE account = ? AND status_id = ?",
                    (edited_at, self._account, status_id),
                )
            db.executemany(
                "UPDATE attachment SET state = 'described', reason = '', changed = ? "
                "WHERE account = ? AND status_id = ? AND attachment_id = ?",
                [
                    (now, self._account, status_id, key)
                    for key in attachment_ids
                    if key not in undone
                ],
            )
