"""The one place where a store is opened: it chooses the home, and sees to it that it is closed."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alternator.store.interface import Store
from alternator.store.lock import locked
from alternator.store.sqlite.state import SqliteStore

STATE_FILE = "state.sqlite3"


@contextmanager
def opened(directory: Path, *, clock: Callable[[], float]) -> Iterator[Store]:
    """The store in a directory, for this process alone. ``clock`` gives Unix time in seconds.

    ConfigError if another process has it or the directory or file can't be used; StateError for a
    file of a version that can't be read.
    """
    with locked(directory), closing(SqliteStore(directory / STATE_FILE, clock=clock)) as store:
        yield store
