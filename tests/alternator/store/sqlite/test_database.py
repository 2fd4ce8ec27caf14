import logging
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from other_program import holding
from small_disk import fill, make_room, small_disk
from unprivileged import unprivileged

from alternator.errors import ConfigError, StateError, TemporaryStateError
from alternator.stopping import Stopping
from alternator.store.sqlite.database import Database
from alternator.store.sqlite.schema import Schema
from probe.exit_codes import ExitCode

PAGE = 4096  # bytes: https://www.sqlite.org/pragma.html#pragma_page_size
CREATE = ("CREATE TABLE note (text TEXT NOT NULL)",)

# A process that writes a hundred times, and is killed: what it wrote stands in the log beside.
KILLED = """
import os, signal, sys
from pathlib import Path
from alternator.store.sqlite.database import Database
from alternator.store.sqlite.schema import Schema
create = ("CREATE TABLE note (text TEXT NOT NULL)",)
database = Database(Path(sys.argv[1]), Schema(version=3, create=create, steps={}))
for _ in range(100):
    with database.writing(durable="durable" in sys.argv) as connection:
        connection.execute("INSERT INTO note VALUES (?)", ("x" * 500,))
os.kill(os.getpid(), signal.SIGKILL)
"""


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
    with pytest.raises(StateError, match=r"does not hold .* \(no such table: nowhere\)"):
        Database(path, schema(4, from_3=steps))
    with database.reading() as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)
        assert [row[1] for row in connection.execute("PRAGMA table_info(note)")] == ["text"]


def test_a_directory_that_can_not_be_made_is_named(tmp_path: Path):
    (tmp_path / "below").write_text("a file")
    message = refusal(tmp_path / "below" / "state.sqlite3")
    assert "can't be used by this user" in message
    assert "(File exists); make it and its directory writable" in message
    assert "set [state] directory" in message


def test_a_file_of_another_user_is_named(database: Database, path: Path):
    database.close()
    with unprivileged(path.parent):
        message = refusal(path)
    assert "can't be used by this user" in message
    assert "(Permission denied)" in message


def test_a_directory_in_the_files_place_is_named(path: Path):
    path.mkdir(parents=True)
    with pytest.raises(StateError, match=r"\(Is a directory\); move it away"):
        Database(path, schema())


class TestDamaged:
    """What makes no sense any more is named, and left for the operator to move away."""

    @pytest.fixture
    def written(self, database: Database, path: Path) -> Path:
        with database.writing() as connection:
            connection.executemany("INSERT INTO note VALUES (?)", [("x" * 500,)] * 1000)
        database.close()
        return path

    def named(self, path: Path) -> str:
        with pytest.raises(StateError) as caught:
            Database(path, schema())
        assert not isinstance(caught.value, TemporaryStateError)
        assert caught.value.exit_code == ExitCode.STATE
        assert str(caught.value).startswith(f"the state file {path} is damaged (")
        assert str(caught.value).endswith(
            "); move it away to start afresh (what still lacks a description is found again)"
        )
        return str(caught.value)

    def overwrite(self, path: Path, start: int, length: int) -> None:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(b"\xff" * length)

    def test_something_else(self, path: Path):
        path.parent.mkdir()
        path.write_bytes(b"This is something else entirely." * 100)
        assert "(file is not a database)" in self.named(path)

    def test_the_header(self, written: Path):
        self.overwrite(written, 0, 100)
        self.named(written)

    def test_the_schemas_page(self, written: Path):
        self.overwrite(written, 100, PAGE - 100)
        self.named(written)

    @pytest.mark.parametrize("page", [2, 60, 120])
    def test_a_page(self, written: Path, page: int):
        self.overwrite(written, (page - 1) * PAGE, PAGE)
        self.named(written)

    def test_half_of_the_file_is_missing(self, written: Path):
        with written.open("r+b") as file:
            file.truncate(60 * PAGE)
        self.named(written)

    def test_the_log_of_a_process_that_was_killed(self, path: Path):
        path.parent.mkdir()
        subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
        beside = path.with_name(path.name + "-wal")
        self.overwrite(beside, beside.stat().st_size // 2, 200)
        # What was written up to there is whole; the rest is found again on the server.
        left = notes(Database(path, schema()))
        assert 0 < len(left) < 100
        assert set(left) == {"x" * 500}

    def test_while_it_is_in_use(self, written: Path):
        database = Database(written, schema())
        with database.writing() as connection:  # more than SQLite keeps in memory
            connection.executemany("INSERT INTO note VALUES (?)", [("x" * 500,)] * 8000)
        with database.reading() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.overwrite(written, PAGE, 1000 * PAGE)
        with pytest.raises(StateError, match="is damaged"):
            notes(database)
        with pytest.raises(StateError, match="is damaged"), database.writing() as connection:
            connection.execute("UPDATE note SET text = 'new'")
        database.close()
        self.named(written)


class TestLocked:
    """Another program's lock is waited for, and then it is a failure that may pass."""

    @pytest.fixture(autouse=True)
    def _briefly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("alternator.store.sqlite.database.BUSY_MILLISECONDS", 200)

    def test_a_short_one_is_waited_for(self, database: Database, path: Path):
        with holding(path) as holder:
            threading.Timer(1.0, holder.let_go).start()
            with database.writing() as connection:
                connection.execute("INSERT INTO note VALUES ('later')")
        assert notes(database) == ["later"]

    def test_a_long_one_is_told_once_until_it_is_over(
        self, path: Path, caplog: pytest.LogCaptureFixture
    ):
        caplog.set_level(logging.INFO, "alternator")
        database = Database(path, schema(), patience=0.0)
        with holding(path):
            for _ in range(2):
                with pytest.raises(TemporaryStateError) as caught, database.writing():
                    pytest.fail("it is another's")
                assert notes(database) == []  # can be read all along
        words = (
            f"the state file {path} is locked by another program; end that one (a backup, an open "
            f"sqlite3)"
        )
        assert str(caught.value) == words
        with pytest.raises(TemporaryStateError, match="is locked"):
            database.check_written()
        for _ in range(2):
            with database.writing():
                pass  # also one that changes nothing
        database.check_written()
        assert [record.getMessage() for record in caplog.records] == [
            f"{words}; until then nothing is described",
            f"the state file {path} can be written again",
        ]

    def test_other_threads_can_read_while_one_waits_to_write(self, path: Path):
        database = Database(path, schema(), patience=1.0)
        done: list[float] = []

        def read() -> None:
            assert notes(database) == []
            done.append(time.monotonic())

        with holding(path):
            reader = threading.Timer(0.1, read)
            reader.start()
            with pytest.raises(TemporaryStateError), database.writing():
                pass
            failed = time.monotonic()
        reader.join()
        assert done[0] < failed

    def test_the_start_waits(self, path: Path, caplog: pytest.LogCaptureFixture):
        path.parent.mkdir()
        with holding(path) as holder:
            threading.Timer(1.0, holder.let_go).start()
            database = Database(path, schema())
        assert notes(database) == []
        assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
            f"the state file {path} is locked by another program"
        ]

    def test_the_start_does_not_wait_for_ever(self, path: Path):
        path.parent.mkdir()
        with holding(path), pytest.raises(TemporaryStateError, match="is locked by another"):
            Database(path, schema(), opening_patience=0.0)


class TestFull:
    """A disk that is full ends nothing and loses nothing; with room again, it goes on."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        with small_disk(tmp_path / "disk") as disk:
            yield disk

    def test_while_it_is_in_use(self, disk: Path, caplog: pytest.LogCaptureFixture):
        caplog.set_level(logging.INFO, "alternator")
        path = disk / "state.sqlite3"
        with closing(Database(path, schema())) as database:
            with database.writing() as connection:
                connection.execute("INSERT INTO note VALUES ('before')")
            fill(disk)
            for _ in range(3):
                with pytest.raises(TemporaryStateError) as caught, database.writing() as connection:
                    connection.executemany("INSERT INTO note VALUES (?)", [("x" * 500,)] * 1000)
                assert notes(database) == ["before"]
            words = (
                f"the state file {path} can't be written, since its disk is full; free some space"
            )
            assert str(caught.value) == words
            with pytest.raises(TemporaryStateError, match="full"):
                database.check_written()
            make_room(disk)
            with database.writing() as connection:
                connection.execute("INSERT INTO note VALUES ('after')")
            assert notes(database) == ["before", "after"]
        assert [record.getMessage() for record in caplog.records] == [
            f"{words}; until then nothing is described",
            f"the state file {path} can be written again",
        ]

    def test_at_the_start(self, disk: Path):
        path = disk / "state.sqlite3"
        fill(disk)
        with pytest.raises(TemporaryStateError, match="its disk is full"):
            Database(path, schema())
        make_room(disk)
        Database(path, schema()).close()
        fill(disk)
        with pytest.raises(TemporaryStateError, match="its disk"):
            Database(path, schema())
        make_room(disk)
        assert notes(Database(path, schema())) == []


def test_a_file_that_is_not_writable_for_a_while_is_opened_again(database: Database):
    with database.reading() as connection:
        connection.execute("PRAGMA query_only = ON")  # as a disk that is mounted read-only
    with (
        pytest.raises(TemporaryStateError, match="can't be used by this user"),
        database.writing() as connection,
    ):
        connection.execute("INSERT INTO note VALUES ('refused')")
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('later')")
    assert notes(database) == ["later"]


def test_another_file_in_its_place_is_not_taken_for_it(database: Database, path: Path):
    with database.reading() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(TemporaryStateError), database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('refused')")
    for beside in path.parent.glob(f"{path.name}*"):
        beside.rename(beside.with_name(f"moved-{beside.name}"))
    with pytest.raises(TemporaryStateError, match="unable to open"):
        notes(database)
    assert not path.exists()
    sqlite3.connect(path).execute("PRAGMA user_version = 1").close()
    with pytest.raises(StateError, match="is another one than at the start"):
        notes(database)


@pytest.mark.parametrize("before", [None, 0o644])
def test_nobody_else_can_read_it(path: Path, before: int | None):
    if before is not None:
        Database(path, schema()).close()
        path.chmod(before)
    database = Database(path, schema())
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES ('mine')")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes == {
        "state.sqlite3": 0o600,
        "state.sqlite3-wal": 0o600,
        "state.sqlite3-shm": 0o600,
    }


def test_what_a_killed_process_left_open_is_closed_to_others(path: Path):
    path.parent.mkdir()
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    for file in path.parent.iterdir():
        file.chmod(0o644)
    database = Database(path, schema())
    assert len(notes(database)) == 100
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("durable", [True, False])
def test_what_was_written_survives_the_end_of_the_process(path: Path, durable: bool):
    path.parent.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), *(["durable"] if durable else [])], check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert len(notes(Database(path, schema()))) == 100
