"""The whole bot while its memory, or its clock, is not what it should be."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_scene import HOUR, Scene

from alternator.store.opening import STATE_FILE

DAY = 24 * HOUR
# https://www.sqlite.org/rescode.html: what SQLite says, with the words that go with it.
TROUBLE = {
    "disk full": (sqlite3.SQLITE_FULL, "SQLITE_FULL", "database or disk is full"),
    "input or output": (sqlite3.SQLITE_IOERR, "SQLITE_IOERR", "disk I/O error"),
    "locked": (sqlite3.SQLITE_BUSY, "SQLITE_BUSY", "database is locked"),
    "read-only": (sqlite3.SQLITE_READONLY, "SQLITE_READONLY", "attempt to write a readonly file"),
}


class Disk:
    """Lets SQLite's writes fail as it says them itself; ``left`` many, after ``passing`` ones."""

    def __init__(self) -> None:
        self.name, self.error, self.left, self.passing = "", sqlite3.OperationalError(), 0, 0
        self.failed = 0

    # size: what fails, how, how often and from when on.
    def fail(self, name: str, trouble: str, *, times: int, passing: int = 0) -> None:
        code, word, text = TROUBLE[trouble]
        self.error = sqlite3.OperationalError(text)
        self.error.sqlite_errorcode, self.error.sqlite_errorname = code, word
        self.name, self.left, self.passing = name, times, passing

    def check(self, statement: str) -> None:
        """Raise if it is this statement's turn."""
        if not self.left or not statement.lstrip().upper().startswith(self.name):
            return
        if self.passing:
            self.passing -= 1
            return
        self.left -= 1
        self.failed += 1
        raise self.error


class Names:
    """The names of ``sqlite3``, with a ``connect`` of ours."""

    def __init__(self, connect: Callable[..., sqlite3.Connection]) -> None:
        self.connect = connect

    def __getattr__(self, name: str) -> Any:
        return getattr(sqlite3, name)


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks are waited for in real time."""
    monkeypatch.setattr("alternator.bot.starting.PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr("alternator.store.sqlite.database.BUSY_MILLISECONDS", 50)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Stands between the bot and SQLite."""
    disk = Disk()

    class Connection(sqlite3.Connection):
        def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
            disk.check(statement)
            return super().execute(statement, *arguments)

    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def connected(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return connect(*arguments, factory=Connection, **options)

    # The module's own name for it: the test's connections are not meant.
    monkeypatch.setattr("alternator.store.sqlite.database.sqlite3", Names(connected))
    return disk


# Where it strikes: SQLite's statement, and how many of its kind go before.
MOMENTS = {
    "a post is written down": ("INSERT", 0),
    "a transaction begins": ("BEGIN", 0),
    "the second one begins": ("BEGIN", 1),
    "the third one begins": ("BEGIN", 2),
    "the fourth one begins": ("BEGIN", 3),
    "a transaction ends": ("COMMIT", 0),
    "the second one ends": ("COMMIT", 1),
    "the third one ends": ("COMMIT", 2),
    "the fourth one ends": ("COMMIT", 3),
    "a row is changed": ("UPDATE", 0),
    "the second one is changed": ("UPDATE", 1),
    "the third one is changed": ("UPDATE", 2),
}


@pytest.mark.table
@pytest.mark.parametrize("times", [1, 10**9], ids=["once", "for-a-while"])
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_state_file_that_can_not_be_written(
    scene: Scene, disk: Disk, trouble: str, moment: str, times: int
) -> None:
    scene.start_first()
    name, passing = MOMENTS[moment]
    disk.fail(name, trouble, times=times, passing=passing)
    scene.post()
    scene.until(lambda: disk.failed, "the trouble")
    if times > 1:
        if trouble == "locked":  # that is waited for in real time
            scene.until(lambda: disk.failed > 10, "more of it")
        else:
            scene.passes(HOUR / 4)
        disk.left = 0
    scene.described("victim")
    scene.described("other")
    scene.harmed_nothing()
    assert [str(error) for error in scene.bot.ends] == []


def state_file(scene: Scene) -> Path:
    return scene.bot.config.state.directory / STATE_FILE


def ended(scene: Scene) -> None:
    """A bot that has worked, and has ended."""
    scene.start_first()
    scene.bot.end()


def test_a_damaged_file_is_refused_and_left_as_it_is(scene: Scene) -> None:
    ended(scene)
    path = state_file(scene)
    content = bytearray(path.read_bytes())
    content[20:4000] = b"\xff" * 3980
    path.write_bytes(content)
    scene.post()
    scene.bot = scene.bot.again()
    scene.until(lambda: scene.bot.ends, "the bot to end")
    assert "is damaged" in str(scene.bot.ends[-1])
    scene.bot.end()
    assert path.read_bytes() == bytes(content)
    # As the message says: moved away, what lacks a description is found again.
    path.rename(path.with_suffix(".away"))
    scene.bot = scene.bot.again()
    scene.described("victim")
    scene.described("other")
    scene.harmed_nothing()


def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(scene: Scene) -> None:
    ended(scene)
    path = state_file(scene)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    content = path.read_bytes()
    scene.post()
    scene.bot = scene.bot.again()
    scene.until(lambda: scene.bot.ends, "the bot to end")
    assert "is from another version" in str(scene.bot.ends[-1])
    scene.bot.end()
    assert path.read_bytes() == content
    assert scene.world.server.requests(method="PUT") == []


def test_a_file_that_another_program_holds_is_waited_for(scene: Scene) -> None:
    """A real lock: somebody copies the file, or looks into it with an open transaction."""
    scene.start_first()
    with sqlite3.connect(state_file(scene), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        scene.post()
        scene.until(lambda: "is locked by another program" in scene.bot.log, "the bot to say so")
        other.execute("ROLLBACK")
    other.close()
    scene.described("victim")
    scene.described("other")
    scene.harmed_nothing()


@pytest.mark.parametrize("off", [10 * DAY, -10 * DAY, 365 * DAY], ids=["ahead", "back", "a-year"])
@pytest.mark.parametrize("back", [True, False], ids=["and-right-again", "for-good"])
def test_a_clock_that_jumps(scene: Scene, off: float, back: bool) -> None:
    """While a post waits for its next try, so that a time is in the memory already."""
    scene.post()
    scene.fail("GET", "{media}", status=500, times=2)
    scene.bot.start()
    scene.until(lambda: scene.world.hits, "the first failure")
    scene.described("other")
    scene.world.clock.off = off
    scene.until(lambda: len(scene.world.hits) == 2, "the second failure")
    if back:
        scene.world.clock.off = 0.0
    started = scene.world.clock.monotonic()
    scene.described("victim")
    assert scene.world.clock.monotonic() - started < DAY
    scene.harmed_nothing()
