"""The one place where a store is opened: it chooses the home, and sees to it that it is closed."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alternator.clock import Clock
from alternator.config.database import NO_DATABASE, DatabaseSettings
from alternator.errors import ConfigError, StateError
from alternator.store.interface import Store
from alternator.store.lock import OURS, is_locked, locked, unreadable, unwritable
from alternator.store.privacy import make_private_directory
from alternator.store.sqlite.database import (
    OPENING_PATIENCE_SECONDS,
    PATIENCE_SECONDS,
    version_of,
)
from alternator.store.sqlite.schema import SCHEMA
from alternator.store.sqlite.store import SqliteStore

__all__ = [
    "OPENING_PATIENCE_SECONDS",
    "PATIENCE_SECONDS",
    "STATE_FILE",
    "NothingRememberedError",
    "bot_is_running",
    "opened",
    "opened_beside",
]

STATE_FILE = "state.sqlite3"


class NothingRememberedError(StateError):
    """There is no state file: no bot was ever started with this state directory."""


@contextmanager
# size: each is another owner's: configuration, clock, who waits, who this process is.
def opened(
    directory: Path,
    *,
    clock: Callable[[], float],
    monotonic: Callable[[], float] | None = None,
    patience: float = PATIENCE_SECONDS,
    database: DatabaseSettings = NO_DATABASE,
    role: str = "run",
    shared: bool = False,
) -> Iterator[Store]:
    """The store in a directory or, where it has an address, in a database; for this process alone.

    With ``shared`` others that share it may be at work as well, which takes a database, and
    ``role`` is what this process is called there. In a database the machine's clock is not
    believed, but that of the database.

    ``clock`` gives Unix time in seconds, ``monotonic`` seconds that nobody sets; without it the
    first is believed whatever it says.
    ``patience`` is how many seconds each write waits for a lock of another program's; after that it
    is a TemporaryStateError. ConfigError if another process has the directory, or if it or the file
    can't be used; StateError for a file that is damaged or of a version that can't be read.
    """
    if database.url is not None:
        private(directory)
        with in_database(
            database,
            role=role,
            shared=shared,
            clock=clock,
            monotonic=monotonic,
            patience=patience,
        ) as store:
            yield store
        return
    if shared:
        raise ConfigError(
            f"`alternator {role}` shares its state with others, which takes a PostgreSQL database: "
            f"set [database] url, or start `alternator run` in place of it"
        )
    path = directory / STATE_FILE
    with locked(directory):
        home = SqliteStore(path, clock=clock, monotonic=monotonic, patience=patience)
        with closing(home) as store:
            yield store


@contextmanager
def opened_beside(
    directory: Path,
    *,
    clock: Callable[[], float],
    patience: float = PATIENCE_SECONDS,
    database: DatabaseSettings = NO_DATABASE,
) -> Iterator[Store]:
    """The store in a directory, or a database, whether a bot is at work there or not.

    For a look, and for what ``AccountState`` says several processes may do; never for
    ``use_account``. NothingRememberedError where there is none; other errors as of ``opened``.
    """
    if database.url is not None:
        with in_database(
            database, role="look", shared=None, clock=clock, patience=patience
        ) as store:
            yield store
        return
    path = directory / STATE_FILE
    if not path.exists():
        raise NothingRememberedError(
            f"there is no {path}: no bot was started with this [state] directory yet (in a "
            f"container it is another one: run this command in there)"
        )
    if version_of(path) != SCHEMA.version:
        if bot_is_running(directory):
            raise StateError(
                f"the state file {path} is of another version of Alternator, and its bot is at "
                f"work; start that anew with this version first"
            )
        with opened(directory, clock=clock, patience=patience) as store:
            yield store
        return
    with closing(SqliteStore(path, clock=clock, patience=patience)) as store:
        yield store


@contextmanager
# size: as of ``opened``.
def in_database(
    database: DatabaseSettings,
    *,
    role: str,
    shared: bool | None,
    clock: Callable[[], float],
    monotonic: Callable[[], float] | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Iterator[Store]:
    """The store in a database; errors as of ``alternator.store.postgres.database.Database``."""
    # The driver takes 60 ms to import, and is not there where nobody has a database.
    from alternator.store.postgres.store import PostgresStore

    machines = clock is time.time or getattr(clock, "__func__", None) is Clock.now
    home = PostgresStore(
        database,
        role=role,
        shared=shared,
        clock=None if machines else clock,
        monotonic=monotonic,
        patience=patience,
    )
    with closing(home) as store:
        yield store


def private(directory: Path) -> None:
    """Make the state directory, where downloads are and the health answer is announced."""
    try:
        make_private_directory(directory, ours=OURS)
    except OSError as error:
        raise ConfigError(unwritable(directory, error)) from None


def bot_is_running(directory: Path, database: DatabaseSettings = NO_DATABASE) -> bool:
    """Whether a bot is at work in a state directory, or in a database, on whichever machine.

    ConfigError if it can't be looked for; likewise errors as of ``opened_beside``.
    """
    if database.url is not None:
        from alternator.store.postgres.looking import is_in_use

        return is_in_use(database)
    try:
        return is_locked(directory)
    except OSError as error:
        raise ConfigError(unreadable(directory, error)) from None
