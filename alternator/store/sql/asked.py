"""What one account was asked for: its rows of ``consent``, ``asking``, ``place``."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alternator.store.asked import (
    KEPT_SECONDS,
    Answered,
    Asking,
    AskingState,
    Consent,
    Place,
    Wish,
)
from alternator.store.elapsed import APART_SECONDS, ElapsedTime
from alternator.store.sql.database import Database

COLUMNS = "status_id, asker, author, address, below, is_open, for_all, not_before, at, state"
ANSWERED = (
    f"SELECT {', '.join(f'asking.{column}' for column in COLUMNS.split(', '))}, posts, outgoing.at "
    "FROM outgoing JOIN asking ON asking.account = outgoing.account "
    "AND key = 'answer:' || status_id WHERE outgoing.account = ? AND state = 'answered' "
    "AND (CAST(? AS TEXT) IS NULL OR status_id = ?) ORDER BY outgoing.at DESC LIMIT ?"
)


class SqlAsked:
    """``alternator.store.asked.Asked`` of the account with this row."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    def consent(self, person: str) -> Consent | None:
        """What a person wants."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT wish, how FROM consent WHERE account = ? AND person = ?",
                (self._account, person),
            ).fetchone()
        return None if row is None else Consent(person=person, wish=row[0], how=row[1])

    def set_consent(self, consent: Consent) -> None:
        """A person wants this from now on."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT INTO consent (account, person, wish, how, changed) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (account, person) DO UPDATE SET wish = excluded.wish, "
                "how = COALESCE(excluded.how, consent.how), changed = excluded.changed",
                (self._account, consent.person, consent.wish, consent.how, self._time.now()),
            )

    def people(self, wish: Wish) -> frozenset[str]:
        """Those who want this."""
        with self._database.reading() as db:
            return frozenset(
                person
                for (person,) in db.execute(
                    "SELECT person FROM consent WHERE account = ? AND wish = ?",
                    (self._account, wish),
                )
            )

    def ask(self, asking: Asking) -> None:
        """Take a post on, and forget what was done with long ago."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            db.execute(
                "DELETE FROM asking WHERE account = ? AND state != 'open' AND at < ?",
                (self._account, now - KEPT_SECONDS),
            )
            db.execute(
                f"INSERT INTO asking (account, {COLUMNS}) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open') "
                "ON CONFLICT (account, status_id) DO UPDATE SET asker = excluded.asker, "
                "address = excluded.address, below = excluded.below, is_open = excluded.is_open, "
                "for_all = excluded.for_all, not_before = excluded.not_before, at = excluded.at, "
                "state = 'open' WHERE asking.state = 'dropped' OR (asking.state = 'open' "
                "AND asking.for_all = 1 AND excluded.for_all = 0)",
                (
                    self._account,
                    asking.status_id,
                    asking.asker,
                    asking.author,
                    asking.address,
                    asking.below,
                    asking.is_open,
                    asking.for_all,
                    asking.not_before,
                    now,
                ),
            )

    def asking(self, status_id: str) -> Asking | None:
        """What is known of a post."""
        found = self._askings("status_id = ?", status_id)
        return found[0] if found else None

    def open(self) -> list[Asking]:
        """The posts that are not done with, oldest first."""
        return self._askings("state = 'open' ORDER BY at, status_id")

    def close(self, status_id: str, state: AskingState) -> None:
        """A post is done with."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "UPDATE asking SET state = ?, texts = '{}' WHERE account = ? AND status_id = ?",
                (state, self._account, status_id),
            )

    def asked_since(self, moment: float, asker: str | None = None) -> int:
        """How many posts were taken on since a time."""
        with self._database.reading() as db:
            # What lies ahead was written by a clock that was wrong.
            (found,) = db.execute(
                "SELECT COUNT(*) FROM asking WHERE account = ? AND at > ? AND at <= ? "
                "AND (CAST(? AS TEXT) IS NULL OR asker = ?)",
                (self._account, moment, self._time.now() + APART_SECONDS, asker, asker),
            ).fetchone()
        return int(found)

    def numbers(self) -> dict[AskingState, int]:
        """How many posts there are in each state."""
        with self._database.reading() as db:
            rows: list[tuple[AskingState, int]] = db.execute(
                "SELECT state, COUNT(*) FROM asking WHERE account = ? GROUP BY state",
                (self._account,),
            ).fetchall()
        return dict(rows)

    def answers(self, most: int, *, status_id: str | None = None) -> list[Answered]:
        """The posts that were answered last, newest first."""
        with self._database.reading() as db:
            rows = db.execute(ANSWERED, (self._account, status_id, status_id, most)).fetchall()
        return [
            Answered(
                asking=asking_of(row),
                posts=tuple(filter(None, json.loads(row[10]))),
                at=float(row[11]),
            )
            for row in rows
        ]

    def keep_texts(self, status_id: str, texts: Mapping[str, str]) -> None:
        """Keep texts until the others of their post are there as well."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "UPDATE asking SET texts = ? WHERE account = ? AND status_id = ?",
                (json.dumps(dict(texts)), self._account, status_id),
            )

    def texts(self, status_id: str) -> dict[str, str]:
        """The texts that are kept for a post."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT texts FROM asking WHERE account = ? AND status_id = ?",
                (self._account, status_id),
            ).fetchone()
        found: dict[str, str] = {} if row is None else json.loads(row[0])
        return found

    def place(self, where: Place) -> str | None:
        """The id up to which it was read."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT place FROM place WHERE account = ? AND name = ?", (self._account, where)
            ).fetchone()
        return None if row is None else str(row[0])

    def set_place(self, where: Place, place: str) -> None:
        """It was read up to there."""
        with self._database.writing(durable=True) as db:
            db.execute(
                "INSERT INTO place (account, name, place) VALUES (?, ?, ?) "
                "ON CONFLICT (account, name) DO UPDATE SET place = excluded.place",
                (self._account, where, place),
            )

    def _askings(self, condition: str, *values: Any) -> list[Asking]:
        with self._database.reading() as db:
            rows = db.execute(
                f"SELECT {COLUMNS} FROM asking WHERE account = ? AND {condition}",
                (self._account, *values),
            ).fetchall()
        return [asking_of(row) for row in rows]


def asking_of(row: Sequence[Any]) -> Asking:
    """What the columns of a row say."""
    return Asking(
        status_id=row[0],
        asker=row[1],
        author=row[2],
        address=row[3],
        below=row[4],
        is_open=bool(row[5]),
        for_all=bool(row[6]),
        not_before=row[7],
        at=row[8],
        state=row[9],
    )
