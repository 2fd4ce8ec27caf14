# size: what the bot asks of the store, a few lines each
"""The store in one SQLite file, and what is remembered about an account as a whole.

The server is the source of truth, so a lost file only costs looking again. A claim that a crash
cut short goes back to ``waiting`` at the next start; it has counted as an attempt, so that an
attachment that takes the bot down is not tried for ever.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from alternator.errors import StateError
from alternator.store.elapsed import ElapsedTime
from alternator.store.outcomes import Claim, Cursors, Found, by_age, wait_after_interruption
from alternator.store.overview import Overview, Trouble
from alternator.store.sqlite.asked import SqliteAsked
from alternator.store.sqlite.claims import SqliteClaims
from alternator.store.sqlite.database import PATIENCE_SECONDS, Database
from alternator.store.sqlite.drafts import SqliteDrafts
from alternator.store.sqlite.errands import SqliteErrands
from alternator.store.sqlite.history import SqliteHistory
from alternator.store.sqlite.ledger import SqliteLedger
from alternator.store.sqlite.listing import SqliteListing
from alternator.store.sqlite.schema import SCHEMA


class SqliteStore:
    """``alternator.store.interface.Store`` in one file.

    ``clock`` gives Unix time in seconds, ``monotonic`` seconds that nobody sets, by which that is
    checked (``alternator/store/elapsed.py``). ``patience`` is how many seconds a transaction waits
    for another program's lock.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float] | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._time = ElapsedTime(clock, monotonic)
        self._database = Database(path, SCHEMA, patience=patience)

    def close(self) -> None:
        """Close the file. The store can't be used any more."""
        self._database.close()

    def knows_server(self, server: str) -> bool:
        """Whether an account on this server was in use before."""
        with self._database.reading() as db:
            row = db.execute("SELECT 1 FROM account WHERE server = ?", (server,)).fetchone()
            return row is not None

    def tokens_used(self, day: int) -> int:
        """How many tokens models have used on a day."""
        with self._database.reading() as db:
            row = db.execute("SELECT used FROM tokens WHERE day = ?", (day,)).fetchone()
            return 0 if row is None else int(row[0])

    def use_tokens(self, day: int, tokens: int) -> None:
        """Add to what models have used on a day."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT INTO tokens (day, used) VALUES (?, ?) "
                "ON CONFLICT (day) DO UPDATE SET used = used + excluded.used",
                (day, tokens),
            )

    def all_accounts(self) -> dict[tuple[str, str], "SqliteAccountState"]:
        """The states of all accounts, by their server and their id there, as they are."""
        with self._database.reading() as db:
            rows = db.execute("SELECT server, remote_id, id FROM account ORDER BY id").fetchall()
        return {
            (server, remote_id): SqliteAccountState(self._database, int(account), self._time)
            for server, remote_id, account in rows
        }

    def use_account(
        self, server: str, remote_id: str, *, server_time: float | None = None
    ) -> "SqliteAccountState":
        """The state of one account, free of the claims that a crash left behind."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT OR IGNORE INTO account (server, remote_id) VALUES (?, ?)",
                (server, remote_id),
            )
            (account,) = db.execute(
                "SELECT id FROM account WHERE server = ? AND remote_id = ?", (server, remote_id)
            ).fetchone()
            # None of an account whose file is of a release that did not write it down.
            db.execute(
                "UPDATE account SET first_start = ? WHERE id = ? AND first_start IS NULL",
                (now if server_time is None else server_time, account),
            )
            free_interrupted(db, int(account), now)
            db.execute("DELETE FROM held WHERE account = ? AND by_bot", (account,))
        return SqliteAccountState(self._database, int(account), self._time)

    def known_accounts(self, server: str) -> dict[str, "SqliteAccountState"]:
        """The states of the accounts on a server by their ids there, as they are."""
        found = self.all_accounts().items()
        return {remote_id: state for (where, remote_id), state in found if where == server}


def free_interrupted(db: sqlite3.Connection, account: int, now: float) -> None:
    """Free the claims that an end of the bot cut short, each after its wait, or give them up."""
    interrupted = db.execute(
        "SELECT rowid, attempts, MAX(changed - COALESCE(first_attempt, changed), 0.0) "
        "FROM attachment WHERE account = ? AND state = 'claimed'",
        (account,),
    ).fetchall()
    for row, attempts, tried_for in interrupted:
        wait = wait_after_interruption(attempts, tried_for)
        if wait is None:
            db.execute(
                "UPDATE attachment SET state = 'failed', reason = 'the bot ended while at it', "
                "changed = ? WHERE rowid = ?",
                (now, row),
            )
        else:
            db.execute(
                "UPDATE attachment SET state = 'waiting', not_before = ? WHERE rowid = ?",
                (now + wait, row),
            )


class SqliteAccountState(SqliteClaims):
    """``alternator.store.interface.AccountState``: one account's row, and those of its posts."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        super().__init__(database, account, time)
        self.listing = SqliteListing(database, account, time)
        self.drafts = SqliteDrafts(database, account, time)
        self.errands = SqliteErrands(database, account, time)
        self.ledger = SqliteLedger(database, account, time)
        self.history = SqliteHistory(database, account, time)
        self.asked = SqliteAsked(database, account, time)
        self._to_halt: str | None = None  # a reason that is not written down yet

    def cursors(self) -> Cursors:
        """How far the account has been looked through."""
        with self._database.reading() as db:
            newest, floor = db.execute(
                "SELECT cursor, floor FROM account WHERE id = ?", (self._account,)
            ).fetchone()
            return Cursors(newest=newest, floor=floor)

    def first_start(self) -> float:
        """When the account was first used."""
        with self._database.reading() as db:
            (moment,) = db.execute(
                "SELECT first_start FROM account WHERE id = ?", (self._account,)
            ).fetchone()
            return float(moment)

    def admit_old(self, status_ids: Sequence[str], limit: int) -> frozenset[str]:
        """Which of these posts from before the first start are taken on, up to ``limit`` in all."""
        with self._database.writing(durable=True) as db:
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
    ) -> int:
        """Remember statuses with work to do, and how far the account has been looked through."""
        with self._database.writing() as db:
            new = self._add(db, found)
            (before,) = db.execute(
                "SELECT cursor FROM account WHERE id = ?", (self._account,)
            ).fetchone()
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
            (found,) = db.execute(
                "SELECT halted FROM account WHERE id = ?", (self._account,)
            ).fetchone()
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
                "SELECT status_id, attachment_id, attempts, reason, found, "
                "IIF(state = 'waiting', not_before, NULL) FROM attachment WHERE account = ? "
                "AND (state = 'failed' OR state = 'waiting' AND reason != '') "
                "ORDER BY state, changed DESC LIMIT ?",
                (self._account, most_troubles),
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
