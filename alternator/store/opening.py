"""The one place where a store is opened: it chooses the home, and sees to it that it is closed."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alternator.errors import ConfigError, StateError
from alternator.store.interface import Store
from alternator.store.lock import is_locked, locked, unreadable
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
def opened(
    directory: Path,
    *,
    clock: Callable[[], float],
    monotonic: Callable[[], float] | None = None,
    patience: float = PATIENCE_SECONDS,
) -> Iterator[Store]:
    """The store in a directory, for this process alone.

    ``clock`` gives Unix time in seconds, ``monotonic`` seconds that nobody sets; without it the
    first is believed whatever it says.
    ``patience`` is how many seconds each write waits for a lock of another program's; after that it
    is a TemporaryStateError. ConfigError if another process has the directory, or if it or the file
    can't be used; StateError for a file that is damaged or of a version that can't be read.
    """
    path = directory / STATE_FILE
    with locked(directory):
        home = SqliteStore(path, clock=clock, monotonic=monotonic, patience=patience)
        with closing(home) as store:
            yield store


@contextmanager
def opened_beside(
    directory: Path, *, clock: Callable[[], float], patience: float = PATIENCE_SECONDS
) -> Iterator[Store]:
    """The store in a directory whether a bot is at work there or not.

    For a look, and for what ``AccountState`` says several processes may do; never for
    ``use_account``. NothingRememberedError where there is none; other errors as of ``opened``.
    """
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


def bot_is_running(directory: Path) -> bool:
    """Whether a bot is at work in a state directory. ConfigError if it can't be looked for."""
    try:
        return is_locked(directory)
    except OSError as error:
        raise ConfigError(unreadable(directory, error)) from None
