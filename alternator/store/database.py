"""One SQLite file: opened with its schema, and read and written by several threads."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alternator.errors import ConfigError, StateError

# Longer than any transaction of the bot's; somebody may look into the file meanwhile.
BUSY_MILLISECONDS = 5000


class Database:
    """One connection, shared by the threads under a lock.

    ``schema`` are the statements that make an empty file one of ``version``. ConfigError for a
    file that can't be used.
    """

    def __init__(self, path: Path, *, schema: str, version: int) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Without Python's own transactions: writing() makes them.
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            self._create(schema, version)
        except (OSError, sqlite3.Error, StateError) as error:
            raise ConfigError(unusable(path, error.__cause__ or error)) from None

    def _create(self, schema: str, version: int) -> None:
        with self.writing() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found == 0:
                for statement in schema.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version}")
            elif found != version:
                raise ConfigError(
                    f"the state file {self._path} is from another version of Alternator (schema "
                    f"{found}, this one has {version}); use that version, or move the file away "
                    f"to start afresh"
                )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, under the lock. StateError if the file can't be read."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise self._failure(error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, under the lock: all of it or nothing. StateError if it can't be made."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._failure(error) from error
            finally:
                # Also where a signal struck right after the BEGIN.
                with suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file, after which it can't be used any more."""
        with self._lock:
            self._connection.close()

    def _failure(self, error: sqlite3.Error) -> StateError:
        return StateError(
            f"the state file {self._path} can't be read or written: {error}; look whether the "
            f"disk is full, and whether this user may write to {self._path.parent}"
        )


def unusable(path: Path, error: BaseException) -> str:
    """Why a state file can't be opened, and what to do."""
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        return (
            f"the state file {path} is damaged: {error}; move it away to start afresh (what still "
            f"lacks a description is found again)"
        )
    return (
        f"the state file {path} can't be used: {error}; make its directory writable for this "
        f"user, or set [state] directory to one that is"
    )
