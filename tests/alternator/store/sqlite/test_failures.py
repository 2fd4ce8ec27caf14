import errno
import os
import sqlite3
from pathlib import Path

import pytest

from alternator.errors import AlternatorError, ConfigError, StateError, TemporaryStateError
from alternator.store.sqlite.failures import failure_of, unusable

PATH = Path("/state/state.sqlite3")


def of_sqlite(code: int) -> sqlite3.Error:
    """An error as SQLite gives it, with a text that says nothing."""
    error = sqlite3.OperationalError("something in another language")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_BUSY, "is locked by another program; end that one"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "is locked by another program; end that one"),
        (sqlite3.SQLITE_FULL, "can't be written, since its disk is full; free some space"),
        (sqlite3.SQLITE_IOERR_FSYNC, "can't be read or written, since its disk fails"),
        (sqlite3.SQLITE_READONLY, f"can't be used by this user, number {os.geteuid()}"),
        (sqlite3.SQLITE_CANTOPEN, f"can't be used by this user, number {os.geteuid()}"),
    ],
)
def test_what_may_pass_is_a_failure_for_now(code: int, words: str):
    failure = failure_of(of_sqlite(code), PATH)
    assert isinstance(failure, TemporaryStateError)
    assert str(failure).startswith(f"the state file {PATH} {words}")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_CORRUPT, "is damaged (something in another language); move it away"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "is damaged (something in another language); move it away"),
        (sqlite3.SQLITE_NOTADB, "is damaged (something in another language); move it away"),
        (sqlite3.SQLITE_ERROR, "does not hold what this version of Alternator looks for"),
        (sqlite3.SQLITE_MISUSE, "can't be used (something in another language); please report"),
    ],
)
def test_what_stays_so_ends_the_bot(code: int, words: str):
    failure = failure_of(of_sqlite(code), PATH)
    assert type(failure) is StateError
    assert str(failure).startswith(f"the state file {PATH} {words}")


def test_the_use_of_a_closed_file_is_no_trouble_of_the_disk():
    assert type(failure_of(sqlite3.ProgrammingError("closed"), PATH)) is StateError


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied"),
            ConfigError,
            "(Permission denied); make it",
        ),
        (OSError(errno.ENOSPC, "No space left"), TemporaryStateError, "full; free some space"),
        (OSError(errno.EDQUOT, "Quota"), TemporaryStateError, "full; free some space"),
        (IsADirectoryError(errno.EISDIR, "Is a directory"), StateError, "(Is a directory); move"),
        (of_sqlite(sqlite3.SQLITE_READONLY), ConfigError, "another language); make it"),
    ],
)
def test_a_file_that_can_not_be_opened_is_told(
    error: OSError | sqlite3.Error, kind: type[AlternatorError], words: str
):
    told = unusable(PATH, error)
    assert type(told) is kind
    assert words in str(told)
