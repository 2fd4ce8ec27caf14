"""The store in one SQLite file, which is one process's alone."""

from collections.abc import Callable
from pathlib import Path

from alternator.store.elapsed import ElapsedTime
from alternator.store.sql.store import SqlStore
from alternator.store.sqlite.database import PATIENCE_SECONDS, Database
from alternator.store.sqlite.schema import SCHEMA


class SqliteStore(SqlStore):
    """``alternator.store.interface.Store`` in one file.

    ``clock`` gives Unix time in seconds, ``monotonic`` seconds that nobody sets, by which that is
    checked (``alternator/store/elapsed.py``). ``patience`` is how many seconds a transaction waits
    for another program's lock.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float] | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        database = Database(path, SCHEMA, patience=patience)
        super().__init__(database, ElapsedTime(clock, monotonic), alone=True)
