"""One PostgreSQL database: a pool of connections to it, for any thread."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from alternator.errors import ConfigError, StateError, TemporaryStateError
from alternator.store.postgres.address import Address
from alternator.store.postgres.failures import Trouble, failure_of, trouble_of
from alternator.store.postgres.guard import Guard, is_lost
from alternator.store.postgres.patience import PatientConnection
from alternator.store.postgres.schema import version_in
from alternator.store.postgres.time import DatabaseTime
from alternator.store.postgres.values import prepare, translated
from alternator.store.sql.database import Cursor, Dialect, Parameters

log = logging.getLogger(__name__)

# How long an operation waits for a connection in seconds, and the start for the database.
PATIENCE_SECONDS = 10.0
OPENING_PATIENCE_SECONDS = 60.0
BETWEEN_TRIES_SECONDS = 0.5
# For so long the pool goes on to try by itself, and a thread to wait for it, before it is asked
# anew: its own pauses grow to minutes, in which a database that is back would be of no use.
TRY_SECONDS = 2.0
# The oldest that has the features which are used.
LEAST_VERSION = 14
T = TypeVar("T")
DIALECT = Dialect(
    queue="",
    waiting="state = 'waiting'",
    # Not from who only adds rows that refer to the locked ones.
    locked=" FOR NO KEY UPDATE",
    # A number of its own for each account, and one for each post as good as.
    lock_post="SELECT pg_advisory_xact_lock(CAST(? AS bigint) * 4294967296 + hashtext(?))",
    # Beside those of posts: -1 is no account's number.
    lock_edits="SELECT pg_advisory_xact_lock(-4294967296 - CAST(? AS bigint))",
)


class PostgresConnection:
    """``alternator.store.sql.database.Connection``."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Parameters = (), /) -> Cursor:
        """Send one statement."""
        return self._connection.execute(translated(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        """Send one statement with each of these."""
        cursor = self._connection.cursor()
        cursor.executemany(translated(sql), list(parameters))
        return cursor


class Database:
    """A pool of connections, opened when they are needed.

    ``shared`` says whether other processes may be at work in the database as well; None for a look
    beside whoever is. ``clock`` is asked for the database's time; None where a clock of one's own
    serves.

    ConfigError for a database that can't be used as it is configured, or is at another's work;
    StateError for one whose tables are of another version; TemporaryStateError for what may pass.
    """

    dialect = DIALECT

    # size: each is another owner's: configuration, command, clock, test.
    def __init__(
        self,
        address: Address,
        *,
        shared: bool | None,
        clock: DatabaseTime | None = None,
        patience: float = PATIENCE_SECONDS,
        opening_patience: float = OPENING_PATIENCE_SECONDS,
    ) -> None:
        self.address = address
        self._clock = clock
        self._patience = patience
        self._trouble: Trouble | None = None
        self._lock = threading.Lock()
        self._guard: Guard | None = None
        self._ended = False
        # What it says of each try is said here, once.
        for name in ("psycopg", "psycopg.pool"):
            logging.getLogger(name).setLevel(logging.ERROR)
        waited_for(address, opening_patience, self._look)
        if shared is not None:
            self._guard = waited_for(address, patience, lambda: Guard(address, shared=shared))
        self._pool: ConnectionPool[PatientConnection] = ConnectionPool(
            connection_class=PatientConnection,
            kwargs={**address.parameters, "autocommit": True},
            configure=prepare,
            min_size=0,
            max_size=address.connections,
            reconnect_timeout=TRY_SECONDS,
            open=True,
        )

    def _look(self) -> None:
        """See that the database is one that can be used."""
        with self.address.connect() as connection:
            check(connection, self.address)
            if self._clock is not None:
                self._clock.ask(connection, self.address.shown)

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        """A connection; each statement sees what is there when it begins."""
        with self._told(), self._connected() as connection:
            yield PostgresConnection(connection)

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[PostgresConnection]:
        """A transaction. How durable each is is the server's setting (synchronous_commit)."""
        with self._told():
            with self._connected() as connection, connection.transaction():
                yield PostgresConnection(connection)
            self.can_be_written()

    @contextmanager
    def plain(self) -> Iterator["psycopg.Connection[Any]"]:
        """A connection as psycopg has it, for what is PostgreSQL's alone; else as ``reading``."""
        with self._told(), self._connected() as connection:
            yield connection

    def check_written(self) -> None:
        """TemporaryStateError while nothing can be written, so far as was found out."""
        if (trouble := self._trouble) is not None:
            raise trouble.of(self.address)

    def close(self) -> None:
        """It can't be used any more."""
        self._ended = True
        self._pool.close()
        if self._guard is not None:
            self._guard.close()

    @contextmanager
    def _connected(self) -> Iterator[PatientConnection]:
        """A connection of the pool, which is there."""
        if self._ended:  # a thread that was left behind would take the lock again
            raise StateError(f"{self.address.shown} is not used any more: this process ends")
        if self._guard is not None:
            with self._lock:
                self._guard.keep()
        connection = self._from_pool()
        try:
            if self._clock is not None and self._clock.is_due():
                self._clock.ask(connection, self.address.shown)
            yield connection
        finally:
            self._pool.putconn(connection)

    def _from_pool(self) -> PatientConnection:
        until = time.monotonic() + self._patience
        while True:
            left = until - time.monotonic()
            try:
                connection = self._pool.getconn(timeout=max(min(left, TRY_SECONDS), 0.1))
            except PoolTimeout as error:
                if left > TRY_SECONDS:
                    continue
                with self.address.connect():  # which says why it can't be had
                    raise error from None
            if not is_lost(connection):
                return connection
            connection.close()
            self._pool.putconn(connection)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What an error means. Trouble that may pass is logged here, once, whoever met it."""
        try:
            yield
        except psycopg.Error as error:
            failure, trouble = failure_of(error, self.address), trouble_of(error, self.address)
            if isinstance(failure, TemporaryStateError) and trouble is not self._trouble:
                log.error("%s; until then nothing is described", failure)
                self._trouble = trouble
            raise failure from error

    def can_be_written(self) -> None:
        """Something was written: what was in the way is over."""
        if self._trouble is not None:
            log.info("%s can be written again", self.address.shown)
            self._trouble = None


def waited_for(address: Address, patience: float, attempt: Callable[[], T]) -> T:
    """What comes of an attempt on a database that may not be there yet, once it is."""
    until = time.monotonic() + patience
    told = False
    while True:
        try:
            return attempt()
        except psycopg.Error as error:
            failure = failure_of(error, address)
            if not isinstance(failure, TemporaryStateError) or time.monotonic() > until:
                raise failure from error
            if not told:
                log.warning("%s; it is waited for", failure)
                told = True
            time.sleep(BETWEEN_TRIES_SECONDS)


def check(connection: "psycopg.Connection[Any]", address: Address) -> None:
    """ConfigError for a server that is too old, StateError for tables of another version."""
    check_server(connection, address)
    found, wanted = version_in(connection)
    if found is None:
        raise StateError(
            f"{address.shown} has no tables of Alternator yet; run `alternator db upgrade`"
        )
    if found < wanted:
        raise StateError(
            f"the tables in {address.shown} are of an earlier version of Alternator (schema "
            f"{found}, this one has {wanted}); run `alternator db upgrade`"
        )
    if found > wanted:
        raise StateError(newer(address, found, wanted))


def check_server(connection: "psycopg.Connection[Any]", address: Address) -> None:
    """ConfigError for a server that is too old."""
    version = connection.info.server_version
    if version < LEAST_VERSION * 10_000:
        raise ConfigError(
            f"{address.shown} is PostgreSQL {version // 10_000}, and {LEAST_VERSION} is the oldest "
            f"that will do; update the server, or name another one in [database] url"
        )


def newer(address: Address, found: int, wanted: int) -> str:
    """What is said of tables that a later release made."""
    return (
        f"the tables in {address.shown}: schema {found} is newer than this program, which has "
        f"{wanted}; use the version of Alternator that made them, or a later one"
    )
