"""Files of earlier releases, as those made them, are brought up to today's."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

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

VERSION_2 = VERSION_1.replace(
    "    changed REAL NOT NULL,\n",
    "    changed REAL NOT NULL,\n    put_back INTEGER NOT NULL DEFAULT 0,\n",
).replace("user_version = 1", "user_version = 2")
EARLIER = pytest.mark.parametrize("earlier", [VERSION_1, VERSION_2], ids=["1", "2"])
# What version 3 has beside version 2's, in the order of its columns.
VERSION_3 = """
ALTER TABLE account ADD COLUMN first_start REAL;
ALTER TABLE account ADD COLUMN edits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN halted TEXT;
ALTER TABLE attachment ADD COLUMN first_attempt REAL;
ALTER TABLE attachment ADD COLUMN said_left REAL;
ALTER TABLE attachment ADD COLUMN deferred INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attachment ADD COLUMN edits_before INTEGER;
ALTER TABLE attachment ADD COLUMN speech INTEGER NOT NULL DEFAULT 0;
CREATE INDEX attachment_queue ON attachment (
    account, backfill, length(status_id) DESC, status_id DESC, not_before, speech
) WHERE state = 'waiting';
CREATE TABLE admitted (
    account INTEGER NOT NULL REFERENCES account (id),
    status_id TEXT NOT NULL,
    PRIMARY KEY (account, status_id)
) WITHOUT ROWID;
PRAGMA user_version = 3;
"""


def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Of each table: name, type, whether it may be null, default and place in the key."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master ORDER BY name")]
        return {
            table: [row[1:] for row in db.execute(f"PRAGMA table_info({table})")]
            for table in tables
        }


@EARLIER
def test_an_earlier_file_becomes_like_a_new_one(tmp_path: Path, earlier: str):
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        db.executescript(earlier)
    for name in ("old", "new"):
        Database(tmp_path / name, SCHEMA).close()
    assert columns(tmp_path / "old") == columns(tmp_path / "new")
    assert {"account", "admitted", "attachment", "attachment_queue"} <= columns(
        tmp_path / "new"
    ).keys()


@EARLIER
def test_what_an_earlier_file_remembers_is_kept(tmp_path: Path, earlier: str):
    path = tmp_path / "old"
    more = ", 1" if earlier == VERSION_2 else ""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(earlier)
        db.execute("INSERT INTO account VALUES (1, 'https://social.example', '7', '9', '2')")
        db.execute("INSERT INTO account VALUES (2, 'https://social.example', '8', NULL, NULL)")
        db.execute(
            "INSERT INTO attachment VALUES "
            f"(1, '9', '91', 'waiting', 0, 2, 5.0, 'busy', 3.0, 4.0{more}), "
            f"(1, '8', '81', 'described', 1, 1, 5.0, '', 1.5, 4.0{more}), "
            f"(1, '8', '82', 'left', 1, 1, 5.0, 'too large', 1.5, 4.0{more})"
        )
        db.commit()
    database = Database(path, SCHEMA)
    with database.reading() as connection:
        # Its first start was when the first attachment was met, and the old posts that it took on
        # use up its limit.
        assert connection.execute("SELECT * FROM account").fetchall() == [
            (1, "https://social.example", "7", "9", "2", 1.5, 0, None),
            (2, "https://social.example", "8", None, None, None, 0, None),
        ]
        assert connection.execute("SELECT * FROM admitted").fetchall() == [(1, "8")]
        row = connection.execute("SELECT * FROM attachment WHERE status_id = 9").fetchone()
        assert row[:10] == (1, "9", "91", "waiting", 0, 2, 5.0, "busy", 3.0, 4.0)
        assert row[10:] == (1 if more else 0, None, None, 0, None, 0)
    database.close()


@EARLIER
def test_a_password_in_an_address_is_not_kept(tmp_path: Path, earlier: str):
    path = tmp_path / "old"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(earlier)
        for number, server in enumerate(
            (
                "https://me:in-the-address@social.example",
                "http://me@social.example:3000/below",
                "https://social.example/@me",
                "https://social.example",
            )
        ):
            db.execute("INSERT INTO account VALUES (?, ?, '7', '9', '2')", (number, server))
        db.commit()
    database = Database(path, SCHEMA)
    with database.reading() as connection:
        servers = [row[0] for row in connection.execute("SELECT server FROM account ORDER BY id")]
    # The first is another account than the last, which is in use already: it stays, unused.
    assert servers[1:] == [
        "http://social.example:3000/below",
        "https://social.example/@me",
        "https://social.example",
    ]
    database.close()


def test_there_is_a_step_from_each_earlier_version():
    assert list(SCHEMA.steps) == list(range(1, SCHEMA.version))


def test_a_file_of_version_3_gets_a_history(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        db.executescript(VERSION_2 + VERSION_3)
        db.execute("INSERT INTO account (id, server, remote_id) VALUES (1, 'https://x.example', 7)")
        db.commit()
    for name in ("old", "new"):
        Database(tmp_path / name, SCHEMA).close()
    assert columns(tmp_path / "old") == columns(tmp_path / "new")
    assert {"written", "written_by_post", "held"} <= columns(tmp_path / "new").keys()
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        assert db.execute("SELECT id, remote_id FROM account").fetchall() == [(1, "7")]
        assert db.execute("SELECT count(*) FROM written").fetchone() == (0,)


def test_a_file_of_version_6_gets_errands_and_keeps_what_was_written(tmp_path: Path):
    """As the release before the errands made it."""
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        for statement in statements_of_version_6():
            db.execute(statement)
        db.execute("INSERT INTO account (id, server, remote_id) VALUES (1, 'https://x.example', 7)")
        db.execute(
            "INSERT INTO written (account, status_id, attachment_id, kind, text, attribution, "
            "outcome, sent, changed) VALUES (1, '5', '51', 'image', 'A boat', '', 'written', 1, 2)"
        )
        db.execute("INSERT INTO held VALUES (1, '5', 9.0)")
        db.commit()
    for name in ("old", "new"):
        Database(tmp_path / name, SCHEMA).close()
    assert columns(tmp_path / "old") == columns(tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        assert db.execute("SELECT text, replaces FROM written").fetchall() == [("A boat", "")]
        assert db.execute("SELECT status_id, by_bot FROM held").fetchall() == [("5", 0)]
        assert db.execute("SELECT count(*) FROM errand").fetchone() == (0,)


def test_a_file_of_version_8_has_what_is_done_with_counted(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        for statement in (*statements_of_version_6(), *SCHEMA.steps[6], *SCHEMA.steps[7]):
            db.execute(statement)
        db.execute("PRAGMA user_version = 8")
        db.execute("INSERT INTO account (id, server, remote_id) VALUES (1, 'https://x.example', 7)")
        db.executemany(
            "INSERT INTO attachment (account, status_id, attachment_id, state, backfill, "
            "not_before, found, changed) VALUES (1, ?, '1', ?, 0, 0, 0, 0)",
            [("1", "described"), ("2", "described"), ("3", "left"), ("4", "waiting")],
        )
        db.commit()
    for name in ("old", "new"):
        Database(tmp_path / name, SCHEMA).close()
    assert columns(tmp_path / "old") == columns(tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "old")) as db:
        tally = "SELECT state, number FROM tally ORDER BY state"
        assert db.execute(tally).fetchall() == [("described", 2), ("left", 1)]
        db.execute("UPDATE attachment SET state = 'failed' WHERE status_id = '1'")
        found = db.execute(tally).fetchall()
        assert found == [("described", 1), ("failed", 1), ("left", 1)]
        db.execute("DELETE FROM attachment WHERE account = 1")
        assert db.execute("SELECT SUM(number) FROM tally").fetchone() == (0,)


def statements_of_version_6() -> list[str]:
    """Those of version 3 as they were, and the two steps from there."""
    first = f"{VERSION_2}{VERSION_3}".split(";\n")
    steps = [statement for found in (3, 4, 5) for statement in SCHEMA.steps[found]]
    return [*filter(str.strip, first), *steps, "PRAGMA user_version = 6"]
