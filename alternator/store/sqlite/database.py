"""One SQLite file: opened with its schema, and read and written by several threads."""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from alternator.errors import StateError, TemporaryStateError
from alternator.store.privacy import close_to_others, make_private_file
from alternator.store.sqlite.dialect import DIALECT
from alternator.store.sqlite.failures import (
    CLOSED,
    DAMAGED,
    LOCKED,
    MENDED_BY_OPENING,
    Trouble,
    failure_of,
    trouble_of,
    unusable,
)
from alternator.store.sqlite.schema import Schema

log = logging.getLogger(__name__)

# How long SQLite itself waits for a lock, in which the thread hears no signal.
# https://www.sqlite.org/pragma.html#pragma_busy_timeout
BUSY_MILLISECONDS = 2000
# How long a transaction waits for one, in seconds: somebody may look into the file meanwhile. Who
# wants to wait longer asks again.
PATIENCE_SECONDS = 10.0
BETWEEN_TRIES_SECONDS = 0.05
# How long the start waits.
OPENING_PATIENCE_SECONDS = 60.0
# What SQLite puts beside a file: https://www.sqlite.org/wal.html#the_wal_file
BESIDE = ("-wal", "-shm")


class Database:
    """One connection, shared by the threads under a lock.

    The lock is held for a whole transaction, since a connection has one of them at a time
    (https://www.sqlite.org/lang_transaction.html), whichever threads it is used by. A signal may
    break the main thread off just as it has taken the lock: one thread may take it twice, so that
    ``close`` on the way out does not wait for its own thread.

    ConfigError for a file that this user can't use; StateError for a damaged one and one of a
    version that can't be read; TemporaryStateError for what may pass.
    """

    dialect = DIALECT

    def __init__(
        self,
        path: Path,
        schema: Schema,
        *,
        patience: float = PATIENCE_SECONDS,
        opening_patience: float = OPENING_PATIENCE_SECONDS,
    ) -> None:
        self._path = path
        self._version = schema.version
        self._patience = patience
        self._lock = threading.RLock()
        self._trouble: Trouble | None = None
        self._open_again = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            make_private_file(path)
        except OSError as error:
            raise unusable(path, error) from None
        until = time.monotonic() + opening_patience
        told = False
        while True:
            try:
                self._connection = self._bring_up(schema)
                break
            except sqlite3.Error as error:
                if trouble_of(error) is CLOSED:
                    raise unusable(path, error) from None
                if trouble_of(error) is not LOCKED or time.monotonic() > until:
                    raise failure_of(error, path) from error
                if not told:
                    log.warning("%s; it is waited for", failure_of(error, path))
                    told = True
                time.sleep(BETWEEN_TRIES_SECONDS)

    def _connect(self) -> sqlite3.Connection:
        """A connection to the file, which is there."""
        # Without Python's own transactions, since writing() makes them:
        # https://docs.python.org/3.11/library/sqlite3.html#transaction-control
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_MILLISECONDS / 1000,
        )
        # Who looks into the file does not hold up who writes. A power cut leaves it whole, and may
        # take the last moments from it (https://www.sqlite.org/pragma.html#pragma_synchronous):
        # what was edited then has a description, which the next look sees. Waiting for the disk at
        # each transaction took a claim from 0.04 ms to 0.2 ms on a fast disk.
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        # A disk that can't do it, such as a network's, keeps the mode that needs to wait.
        self._usual_sync = "NORMAL" if mode == "wal" else "FULL"
        for suffix in BESIDE:
            close_to_others(self._path.with_name(self._path.name + suffix))
        return connection

    def _bring_up(self, schema: Schema) -> sqlite3.Connection:
        """A connection to a file with this version's tables.

        They are made, or those of an earlier version changed, as a whole or not at all.
        """
        connection = self._connect()
        try:
            # 0 in a new file: https://www.sqlite.org/pragma.html#pragma_user_version
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            statements = schema.statements_from(found)
            if statements is None:
                raise StateError(
                    f"the state file {self._path} is from another version of Alternator (schema "
                    f"{found}, this one has {schema.version}); use that version, or move the file "
                    f"away to start afresh"
                )
            # Finds a page that is no longer one before anything depends on it; for 10,000 posts in
            # 12 ms: https://www.sqlite.org/pragma.html#pragma_quick_check
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise DAMAGED.of(self._path, verdict)
            if statements:
                connection.execute("BEGIN IMMEDIATE")
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {schema.version}")
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, under the lock. StateError if the file can't be read."""
        with self._lock:
            try:
                yield self._ready()
            except sqlite3.Error as error:
                raise self._failed(error) from error

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction, under the lock: all of it or nothing. StateError if it can't be made.

        It takes the right to write at its beginning, since one that reads first and then finds
        that somebody else has written can't go on (https://www.sqlite.org/lang_transaction.html).
        ``durable``: not even a power cut takes it away.
        """
        until = time.monotonic() + self._patience
        begun = False
        while not begun:
            with self._lock:
                try:
                    begun = self._begun(durable, last=time.monotonic() > until)
                    if begun:
                        yield self._connection
                        self._commit()
                except sqlite3.Error as error:
                    raise self._failed(error) from error
                finally:
                    # Also where a signal struck right after the BEGIN.
                    with suppress(sqlite3.Error):
                        if self._connection.in_transaction:
                            self._connection.execute("ROLLBACK")
            if not begun:
                time.sleep(BETWEEN_TRIES_SECONDS)  # other threads may want to read

    def check_written(self) -> None:
        """TemporaryStateError while the file can't be written, so far as was found out."""
        trouble = self._trouble
        if trouble is not None:
            raise trouble.of(self._path)

    def close(self) -> None:
        """Close the file, after which it can't be used any more."""
        with self._lock:
            self._connection.close()

    def _begun(self, durable: bool, *, last: bool) -> bool:
        """Begin a transaction; False if another program is at it, unless this try is the last."""
        connection = self._ready()
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else self._usual_sync}")
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if last or trouble_of(error) is not LOCKED:
                raise
            return False
        return True

    def _ready(self) -> sqlite3.Connection:
        """The connection, anew where that may help. It is the same file, or it is none."""
        if self._open_again:
            connection = self._connect()
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found != self._version:
                connection.close()
                raise StateError(
                    f"the state file {self._path} is another one than at the start; put it back, "
                    f"or start again"
                )
            self._connection.close()
            self._connection = connection
            self._open_again = False
        return self._connection

    def _commit(self) -> None:
        """End a transaction. After trouble it changes something, so that it tells of the disk."""
        if self._trouble is not None:
            self._connection.execute(f"PRAGMA user_version = {self._version}")
        self._connection.execute("COMMIT")
        if self._trouble is not None:
            log.info("the state file %s can be written again", self._path)
            self._trouble = None

    def _failed(self, error: sqlite3.Error) -> StateError:
        """What an error means. Trouble that may pass is logged here, once, whoever met it."""
        failure, trouble = failure_of(error, self._path), trouble_of(error)
        self._open_again = self._open_again or trouble in MENDED_BY_OPENING
        if isinstance(failure, TemporaryStateError) and trouble is not self._trouble:
            log.error("%s; until then nothing is described", failure)
            self._trouble = trouble
        return failure


def version_of(path: Path) -> int:
    """The version of a state file's tables, which is not touched. Errors as of ``Database``."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
            return int(found)
    except sqlite3.Error as error:
        if trouble_of(error) is CLOSED:
            raise unusable(path, error) from None
        raise failure_of(error, path) from error
