"""What the bot remembers: one SQLite file with a row for each attachment that it has met.

The server is the source of truth, so a lost file only costs looking again. A row goes

    waiting → claimed → described | left | failed
                 ↓ (try again later)
              waiting

``left`` are attachments left alone for a lasting reason (too large, no speech in it, described by
somebody meanwhile), ``failed`` those given up after the last attempt. A claim that a crash cut
short goes back to ``waiting`` at the next start; it has counted as an attempt, so that an
attachment that takes the bot down is not tried for ever.

Times are Unix times in seconds.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from alternator.store.database import Database
from alternator.store.outcomes import RETRY_SECONDS, Claim, Found, Outcome, order

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    server TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    cursor TEXT,           -- newest status seen: all up to it are in the table or need nothing
    floor TEXT,            -- statuses up to this one were there before the first start
    UNIQUE (server, remote_id)
);
CREATE TABLE attachment (
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    attachment_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'described', 'left', 'failed')),
    backfill INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    found REAL NOT NULL,
    changed REAL NOT NULL,
    PRIMARY KEY (account, status_id, attachment_id)
);
CREATE INDEX attachment_by_state ON attachment (account, state, not_before);
"""


class Store:
    """The state of one account. All methods may be called by any thread."""

    def __init__(self, path: Path, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._account = 0
        self._database = Database(path, schema=SCHEMA, version=SCHEMA_VERSION)

    def close(self) -> None:
        """Close the file. The store can't be used any more."""
        self._database.close()

    def knows_server(self, server: str) -> bool:
        """Whether an account on this server was bound before: its address and token worked."""
        with self._database.reading() as db:
            row = db.execute("SELECT 1 FROM account WHERE server = ?", (server,)).fetchone()
            return row is not None

    def bind(self, server: str, remote_id: str) -> None:
        """Speak of this account from now on, and free the claims that a crash left behind."""
        with self._database.writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO account (server, remote_id) VALUES (?, ?)",
                (server, remote_id),
            )
            (self._account,) = db.execute(
                "SELECT id FROM account WHERE server = ? AND remote_id = ?", (server, remote_id)
            ).fetchone()
            db.execute(
                "UPDATE attachment SET state = 'failed', reason = 'the bot ended while at it', "
                "changed = ? WHERE account = ? AND state = 'claimed' AND attempts > ?",
                (self._clock(), self._account, len(RETRY_SECONDS)),
            )
            db.execute(
                "UPDATE attachment SET state = 'waiting' WHERE account = ? AND state = 'claimed'",
                (self._account,),
            )

    def cursors(self) -> tuple[str | None, str | None]:
        """Newest status seen and newest one out of scope; both None before the first look."""
        with self._database.reading() as db:
            cursor, floor = db.execute(
                "SELECT cursor, floor FROM account WHERE id = ?", (self._account,)
            ).fetchone()
            return cursor, floor

    def record(
        self, found: Iterable[Found], *, cursor: str | None = None, floor: str | None = None
    ) -> int:
        """Remember statuses with work to do, and how far the account has been looked through.

        Attachments already known keep their row. Returns how many were new.
        """
        now = self._clock()
        new = 0
        with self._database.writing() as db:
            for status in found:
                for attachment_id in status.attachment_ids:
                    new += db.execute(
                        "INSERT OR IGNORE INTO attachment (account, status_id, attachment_id, "
                        "state, backfill, not_before, found, changed) "
                        "VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?)",
                        (
                            self._account,
                            status.status_id,
                            attachment_id,
                            status.backfill,
                            now,
                            now,
                            now,
                        ),
                    ).rowcount
            if cursor is not None:
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
            chosen = max(due, key=lambda row: (not row[2], order(row[0])))[0]
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
        )

    def finish(self, claim: Claim, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Write down what became of a claim.

        Returns the failures that are tried again, with the wait in seconds.
        """
        now = self._clock()
        again = []
        with self._database.writing() as db:
            for outcome in outcomes:
                key = (self._account, claim.status_id, outcome.attachment_id)
                row = db.execute(
                    "SELECT attempts FROM attachment "
                    "WHERE account = ? AND status_id = ? AND attachment_id = ?",
                    key,
                ).fetchone()
                if row is None:
                    continue
                wait = outcome.wait_after(row[0])
                if wait is not None:
                    again.append(replace(outcome, retry_after=wait))
                state = outcome.state if wait is None else "waiting"
                db.execute(
                    "UPDATE attachment SET state = ?, not_before = ?, reason = ?, changed = ? "
                    "WHERE account = ? AND status_id = ? AND attachment_id = ?",
                    (state, now + (wait or 0.0), outcome.reason, now, *key),
                )
        return again

    def release(self, claim: Claim, *, wait: float = 0.0) -> None:
        """Give a claim back as if it had not been taken, due again after ``wait`` seconds."""
        now = self._clock()
        with self._database.writing() as db:
            db.execute(
                "UPDATE attachment SET state = 'waiting', attempts = attempts - 1, "
                "not_before = ?, changed = ? "
                "WHERE account = ? AND status_id = ? AND state = 'claimed'",
                (now + wait, now, self._account, claim.status_id),
            )

    def hasten(self, status_ids: Iterable[str]) -> None:
        """Make what waits of these statuses due now."""
        with self._database.writing() as db:
            db.executemany(
                "UPDATE attachment SET not_before = ? "
                "WHERE account = ? AND status_id = ? AND state = 'waiting'",
                [(self._clock(), self._account, status_id) for status_id in status_ids],
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

    def counts(self) -> dict[str, int]:
        """Number of attachments by state."""
        with self._database.reading() as db:
            return dict(
                db.execute(
                    "SELECT state, COUNT(*) FROM attachment WHERE account = ? GROUP BY state",
                    (self._account,),
                ).fetchall()
            )
