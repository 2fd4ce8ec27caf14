"""What one account posts in parts: its rows of ``outgoing``."""

import json
from collections.abc import Sequence
from typing import Any

from alternator.store.asked import KEPT_SECONDS
from alternator.store.elapsed import ElapsedTime
from alternator.store.outgoing import Outgoing
from alternator.store.sql.database import Connection, Database

ONE = "SELECT parts, posts, at FROM outgoing WHERE account = ? AND key = ?"


class SqlOutgoings:
    """``alternator.store.outgoing.Outgoings`` of the account with this row."""

    def __init__(self, database: Database, account: int, time: ElapsedTime) -> None:
        self._database = database
        self._account = account
        self._time = time

    def sending(self, key: str, parts: Sequence[str]) -> Outgoing:
        """About to post this; what was done with long ago is forgotten."""
        now = self._time.now()
        with self._database.writing(durable=True) as db:
            db.execute(
                "DELETE FROM outgoing WHERE account = ? AND parts = '[]' AND at < ?",
                (self._account, now - KEPT_SECONDS),
            )
            new = db.execute(
                "INSERT INTO outgoing (account, key, parts, posts, at) "
                "VALUES (?, ?, ?, '[]', ?) ON CONFLICT DO NOTHING",
                (self._account, key, json.dumps(list(parts)), now),
            ).rowcount
            row = db.execute(ONE, (self._account, key)).fetchone()
        return outgoing_of(row, is_new=bool(new))

    def sent(self, key: str, number: int, post_id: str) -> None:
        """The part with this number is posted."""
        with self._database.writing(durable=True) as db:
            row = db.execute(
                f"{ONE}{self._database.dialect.locked}", (self._account, key)
            ).fetchone()
            parts, posts = json.loads(row[0]), json.loads(row[1])
            if len(posts) != number:
                return
            posts.append(post_id)
            self._keep(db, key, [] if len(posts) >= len(parts) else parts, posts)

    def end(self, key: str) -> None:
        """No more of it is posted."""
        with self._database.writing(durable=True) as db:
            self._keep(db, key, [], [])

    def of(self, key: str) -> Outgoing | None:
        """What is known of it."""
        with self._database.reading() as db:
            row = db.execute(ONE, (self._account, key)).fetchone()
        return None if row is None else outgoing_of(row)

    def begun(self, beginning: str) -> dict[str, Outgoing]:
        """All that was begun whose key begins so."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT parts, posts, at, key FROM outgoing "
                "WHERE account = ? AND substr(key, 1, ?) = ? ORDER BY at, key",
                (self._account, len(beginning), beginning),
            ).fetchall()
        return {str(row[3]): outgoing_of(row) for row in rows}

    def _keep(self, db: Connection, key: str, parts: list[str], posts: list[str]) -> None:
        db.execute(
            "UPDATE outgoing SET parts = ?, posts = ? WHERE account = ? AND key = ?",
            (json.dumps(parts), json.dumps(posts), self._account, key),
        )


def outgoing_of(row: Sequence[Any], *, is_new: bool = False) -> Outgoing:
    """What the columns of a row say."""
    return Outgoing(
        parts=tuple(json.loads(row[0])),
        posts=tuple(json.loads(row[1])),
        is_new=is_new,
        at=float(row[2]),
    )
