import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from alternator.errors import ConfigError, StateError
from alternator.stopping import Stopping
from alternator.store.sqlite.database import Database
from alternator.store.sqlite.schema import Schema

CREATE = ("CREATE TABLE note (text TEXT NOT NULL)",)


def schema(version: int = 3, **steps: tuple[str, ...]) -> Schema:
    """A schema of some version; steps by the version that they lead on from: ``from_2=(…,)``."""
    by_version = {int(name.removeprefix("from_")): step for name, step in steps.items()}
    return Schema(version=version, create=CREATE, steps=by_version)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "below" / "state.sqlite3"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(path, schema())
    yield database
    database.close()


def notes(database: Database) -> list[str]:
    with database.reading() as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note")]


def refusal(path: Path, version: int = 3) -> str:
    with pytest.raises(ConfigError) as caught:
        Database(path, schema(version))
    return str(caught.value)


def test_what_is_written_is_there_at_the_next_start(database: Database, path: Path):
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('kept')")
    database.close()
    assert notes(Database(path, schema())) == ["kept"]


@pytest.mark.parametrize("interruption", [Stopping, KeyboardInterrupt, ValueError])
def test_a_transaction_is_made_as_a_whole_or_not_at_all(
    database: Database, interruption: type[BaseException]
):
    with pytest.raises(interruption), database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('half')")
        raise interruption
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('whole')")
    assert notes(database) == ["whole"]


def test_a_full_disk_is_told_and_costs_nothing(database: Database):
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('before')")
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    with database.reading() as connection:  # as if the disk ended here
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with (
        pytest.raises(StateError, match=r"database or disk is full; look whether the disk"),
        database.writing() as connection,
    ):
        connection.executemany("INSERT INTO note VALUES (?)", [("x" * 100,)] * 1000)
    assert notes(database) == ["before"]


def test_a_file_that_is_no_database_is_named(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"This is something else entirely." * 100)
    assert refusal(path) == (
        f"the state file {path} is damaged: file is not a database; move it away to start afresh "
        f"(what still lacks a description is found again)"
    )


def test_a_database_with_damaged_pages_is_named(database: Database, path: Path):
    database.close()
    content = bytearray(path.read_bytes())
    content[100:] = b"\xff" * (len(content) - 100)
    path.write_bytes(content)
    assert "is damaged: " in refusal(path, version=4)


@pytest.mark.parametrize("version", [1, 4])
def test_a_file_of_an_unknown_version_is_named_and_left_alone(
    database: Database, path: Path, version: int
):
    with pytest.raises(StateError) as caught:
        Database(path, schema(version))
    assert str(caught.value) == (
        f"the state file {path} is from another version of Alternator (schema 3, this one has "
        f"{version}); use that version, or move the file away to start afresh"
    )
    assert notes(database) == []


def test_a_file_of_an_earlier_version_is_brought_up_step_by_step(database: Database, path: Path):
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('kept')")
    database.close()
    added = "ALTER TABLE note ADD COLUMN {} TEXT NOT NULL DEFAULT 'new'"
    newer = schema(5, from_3=(added.format("a"),), from_4=(added.format("b"),))
    for _ in range(2):  # the second time, there is nothing left to do
        brought_up = Database(path, newer)
        with brought_up.reading() as connection:
            assert connection.execute("SELECT * FROM note").fetchall() == [("kept", "new", "new")]
        brought_up.close()


def test_a_step_that_fails_changes_nothing(database: Database, path: Path):
    steps = ("ALTER TABLE note ADD COLUMN a TEXT", "ALTER TABLE nowhere ADD COLUMN a TEXT")
    with pytest.raises(ConfigError, match="no such table: nowhere"):
        Database(path, schema(4, from_3=steps))
    with database.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert [row[1] for row in connection.execute("PRAGMA table_info(note)")] == ["text"]


def test_a_directory_that_can_not_be_made_is_named(tmp_path: Path):
    (tmp_path / "below").write_text("a file")
    message = refusal(tmp_path / "below" / "state.sqlite3")
    assert "can't be used: " in message
    assert "set [state] directory" in message


def test_a_locked_file_is_told(database: Database, path: Path):
    with database.reading() as connection:
        connection.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="database is locked"), database.writing():
        pass
    other.close()
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('later')")
    assert notes(database) == ["later"]
