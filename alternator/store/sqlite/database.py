"""One SQLite file: opened with its schema, and read and written by several threads."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from alternator.errors import ConfigError, StateError
from alternator.store.sqlite.schema import Schema

# Longer than any transaction of the bot's; somebody may look into the file meanwhile.
# https://www.sqlite.org/pragma.html#pragma_busy_timeout
BUSY_MILLISECONDS = 5000


class UnreadableVersionError(StateError):
    """The file is of a version that this release can't read. It is left as it is."""


class Database:
    """One connection, shared by the threads under a lock.

    The lock is held for a whole transaction, since a connection has one of them at a time
    (https://www.sqlite.org/lang_transaction.html), whichever threads it is used by. A signal may
    break the main thread off just as it has taken the lock: one thread may take it twice, so that
    ``close`` on the way out does not wait for its own thread.

    ConfigError for a file that can't be used, StateError for one of a version that can't be read.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Without Python's own transactions, since writing() makes them:
            # https://docs.python.org/3.11/library/sqlite3.html#transaction-control
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            # Who looks into the file does not hold up who writes, and a power cut leaves it whole:
            # https://www.sqlite.org/wal.html
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
            self._bring_up(schema)
        except UnreadableVersionError:
            self._connection.close()
            raise
        except (OSError, sqlite3.Error, StateError) as error:
            raise ConfigError(unusable(path, error.__cause__ or error)) from None

    def _bring_up(self, schema: Schema) -> None:
        """Make the tables, or change those of an earlier version, as a whole or not at all."""
        with self.writing() as connection:
            # 0 in a new file: https://www.sqlite.org/pragma.html#pragma_user_version
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            version, statements = schema.version, schema.create
            if found:
                version, statements = found, ()
                while version in schema.steps and version < schema.version:
                    statements += schema.steps[version]
                    version += 1
            if version != schema.version:
                raise UnreadableVersionError(
                    f"the state file {self._path} is from another version of Alternator (schema "
                    f"{found}, this one has {schema.version}); use that version, or move the file "
                    f"away to start afresh"
                )
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {schema.version}")

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
        """A transaction, under the lock: all of it or nothing. StateError if it can't be made.

        It takes the right to write at its beginning, since one that reads first and then finds
        that somebody else has written can't go on (https://www.sqlite.org/lang_transaction.html).
        """
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
