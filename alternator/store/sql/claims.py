"""The claims on one account's attachments, as they are taken."""

from math import inf, nextafter

from alternator.store.elapsed import ElapsedTime
from alternator.store.outcomes import Claim, wait_after_interruption
from alternator.store.sql.attachments import LONGEST_AHEAD_SECONDS
from alternator.store.sql.database import Connection, Database
from alternator.store.sql.ends import SqlEnds
from alternator.store.sql.history import NOT_HELD

# The clock of a job and that of the machine that takes it differ a little: what is due within this
# is taken, or its job would be for nothing and the post would wait for another one.
EARLY_SECONDS = 0.5


def due(row: str = "") -> str:
    """Whether a row's wait is over, or longer than any: a clock was wrong then."""
    moment = f"{row}not_before"
    return f"({moment} <= :now OR {moment} > :now + {LONGEST_AHEAD_SECONDS})"


DUE = due()
# Of such a claim, one at least is transcribed. For a row of the queue that is looked at.
WITH_SPEECH = (
    "EXISTS (SELECT 1 FROM attachment AS beside WHERE beside.account = :account "
    "AND beside.status_id = attachment.status_id AND beside.backfill <= :backfill "
    f"AND beside.state = 'waiting' AND beside.speech = 1 AND {due('beside.')})"
)
NOT_HALTED = "NOT EXISTS (SELECT 1 FROM account WHERE id = :account AND halted IS NOT NULL)"
# A moment that lies ahead was written by a clock that was wrong.
TAKE = (
    "UPDATE attachment SET state = 'claimed', attempts = attempts + 1, changed = :taken_at, "
    "found = CASE WHEN found > :now THEN :now ELSE found END, "
    "said_left = CASE WHEN said_left > :now THEN :now ELSE said_left END, "
    "first_attempt = CASE WHEN attempts = 0 OR first_attempt IS NULL OR first_attempt > :now "
    "THEN :now ELSE first_attempt END "
    "WHERE account = :account AND status_id = :status AND backfill <= :backfill "
    f"AND {{waiting}} AND {DUE.replace(':now', ':due')} AND {NOT_HELD} AND {NOT_HALTED} "
    "RETURNING attachment_id, backfill, speech"
)


class SqlClaims(SqlEnds):
    """What ``alternator.store.interface.AccountState`` says of claims."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        super().__init__(database, account, time)
        self._taken_last = 0.0
        dialect = database.dialect
        self._lock_post = dialect.lock_post
        self._take_sql = TAKE.format(waiting=dialect.waiting)

    def claim(self, *, backfill: bool = True, speech: bool = True) -> Claim | None:
        """Take the next status that is due: new posts before backfill, the newest first."""
        while True:
            with self._database.writing() as db:
                over = self._free_unended(db)
                asked: dict[str, object] = {
                    "account": self._account,
                    "now": self._time.now(),
                    "backfill": backfill,
                    "speech": speech,
                }
                row = self._next(db, asked, "AND put_back = 0") or self._next(db, asked)
                taken = None if row is None else self._take(db, row[0], backfill=backfill)
            del self._unended[:over]
            if row is None or taken is not None:
                return taken
            # Somebody else took that one between the two statements.

    def claim_of(self, status_id: str) -> Claim | None:
        """Take what is due of one post, whose lock is the caller's."""
        with self._database.writing() as db:
            over = self._free_unended(db)
            free_interrupted(db, self._account, self._time.now(), status_id)
            # What a worker held that died while it rewrote the post.
            db.execute(
                "DELETE FROM held WHERE account = ? AND status_id = ? AND by_bot = 1",
                (self._account, status_id),
            )
            taken = self._take(db, status_id, early=EARLY_SECONDS)
        del self._unended[:over]
        return taken

    def due_of(self, status_id: str) -> float | None:
        """When the next attachment of a post is due."""
        now = self._time.now()
        with self._database.reading() as db:
            (found,) = db.execute(
                "SELECT MIN(CASE WHEN not_before > :now + :longest THEN :now ELSE not_before END) "
                "FROM attachment WHERE account = :account AND status_id = :status "
                f"AND {self._database.dialect.waiting}",
                {
                    "account": self._account,
                    "status": status_id,
                    "now": now,
                    "longest": LONGEST_AHEAD_SECONDS,
                },
            ).fetchone()
        return None if found is None else float(found)

    def _take(
        self, db: Connection, status_id: str, *, backfill: bool = True, early: float = 0.0
    ) -> Claim | None:
        """Take what is due of a post, or within ``early`` seconds; None if nothing is."""
        if self._lock_post is not None:
            db.execute(self._lock_post, (self._account, status_id))
        now = self._time.now()
        # Two claims of one moment are told apart all the same.
        taken_at = nextafter(now, inf) if now == self._taken_last else now
        rows = db.execute(
            self._take_sql,
            {
                "account": self._account,
                "status": status_id,
                "backfill": backfill,
                "now": now,
                "due": now + early,
                "taken_at": taken_at,
            },
        ).fetchall()
        if not rows:
            return None
        self._taken_last = taken_at
        return Claim(
            status_id=status_id,
            attachment_ids=tuple(sorted(key for key, _, _ in rows)),
            backfill=all(old for _, old, _ in rows),
            speech=any(transcribed for _, _, transcribed in rows),
            taken_at=taken_at,
        )

    def _next(
        self, db: Connection, asked: dict[str, object], also: str = ""
    ) -> tuple[str, int] | None:
        """The next post that is due. Those that the server failed for come last.

        One for which it asks to wait holds up the whole account. It was due again when that was
        over, as the newest, and no other ever had its turn.
        """
        row: tuple[str, int] | None = db.execute(
            f"SELECT status_id, backfill FROM attachment {self._database.dialect.queue} "
            f"WHERE account = :account AND state = 'waiting' AND {DUE} AND backfill <= :backfill "
            f"AND (:speech = 1 OR speech = 0 AND NOT {WITH_SPEECH}) AND {NOT_HELD} "
            f"AND {NOT_HALTED} "
            f"{also} ORDER BY backfill, length(status_id) DESC, status_id DESC LIMIT 1",
            asked,
        ).fetchone()
        return row


def free_interrupted(
    db: Connection, account: int, now: float, status_id: str | None = None
) -> None:
    """Free the claims that an end of the bot cut short, each after its wait, or give them up.

    Those of the whole account, or of one post.
    """
    interrupted = db.execute(
        "SELECT status_id, attachment_id, attempts, changed - COALESCE(first_attempt, changed) "
        "FROM attachment WHERE account = ? AND state = 'claimed'"
        + ("" if status_id is None else " AND status_id = ?"),
        (account,) if status_id is None else (account, status_id),
    ).fetchall()
    for *key, attempts, tried_for in interrupted:
        wait = wait_after_interruption(attempts, max(tried_for, 0.0))
        row = (account, *key)
        if wait is None:
            db.execute(
                "UPDATE attachment SET state = 'failed', reason = 'the bot ended while at it', "
                "changed = ? WHERE account = ? AND status_id = ? AND attachment_id = ?",
                (now, *row),
            )
        else:
            db.execute(
                "UPDATE attachment SET state = 'waiting', not_before = ? "
                "WHERE account = ? AND status_id = ? AND attachment_id = ?",
                (now + wait, *row),
            )
