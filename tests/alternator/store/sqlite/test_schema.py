"""The file of the first release, as that one made it, is brought up to today's."""

import sqlite3
from contextlib import closing
from pathlib import Path

from alternator.store.sqlite.database import Database
from alternator.store.sqlite.schema import SCHEMA

VERSION_1 = """
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
PRAGMA user_version = 1;
"""


def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Of each table: name, type, whether it may be null, default and place in the key."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master ORDER BY name")]
        return {
            table: [row[1:] for row in db.execute(f"PRAGMA table_info({table})")]
            for table in tables
        }


def test_a_file_of_version_1_becomes_like_a_new_one(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        db.executescript(VERSION_1)
    for name in ("old", "new"):
        Database(tmp_path / name, SCHEMA).close()
    assert columns(tmp_path / "old") == columns(tmp_path / "new")
    assert {"account", "attachment", "attachment_by_state"} <= columns(tmp_path / "new").keys()


def test_what_a_file_of_version_1_remembers_is_kept(tmp_path: Path):
    path = tmp_path / "old"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(VERSION_1)
        db.execute("INSERT INTO account VALUES (1, 'https://social.example', '7', '9', '2')")
        db.execute(
            "INSERT INTO attachment VALUES (1, '9', '91', 'waiting', 0, 2, 5.0, 'busy', 1.0, 4.0)"
        )
        db.commit()
    database = Database(path, SCHEMA)
    with database.reading() as connection:
        assert connection.execute("SELECT * FROM account").fetchall() == [
            (1, "https://social.example", "7", "9", "2")
        ]
        assert connection.execute("SELECT * FROM attachment").fetchall() == [
            (1, "9", "91", "waiting", 0, 2, 5.0, "busy", 1.0, 4.0, 0)
        ]
    database.close()


def test_there_is_a_step_from_each_earlier_version():
    assert list(SCHEMA.steps) == list(range(1, SCHEMA.version))
