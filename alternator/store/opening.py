"""The one place where a store is opened: it chooses the home, and sees to it that it is closed."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alternator.store.interface import Store
from alternator.store.lock import locked
from alternator.store.sqlite.database import OPENING_PATIENCE_SECONDS, PATIENCE_SECONDS
from alternator.store.sqlite.state import SqliteStore

__all__ = ["OPENING_PATIENCE_SECONDS", "PATIENCE_SECONDS", "STATE_FILE", "opened"]

STATE_FILE = "state.sqlite3"


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
