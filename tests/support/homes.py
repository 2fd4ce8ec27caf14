"""The homes of the store, opened time and again as by one start after the other."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from alternator.config.database import NO_DATABASE, DatabaseSettings
from alternator.store.interface import Store
from alternator.store.opening import opened, opened_beside


@dataclass(frozen=True, kw_only=True)
class Home:
    """A state directory, or a database beside one."""

    directory: Path
    database: DatabaseSettings = NO_DATABASE

    def opened(
        self, clock: Callable[[], float], *, monotonic: Callable[[], float] | None = None
    ) -> AbstractContextManager[Store]:
        """The store for one process alone."""
        return opened(self.directory, clock=clock, monotonic=monotonic, database=self.database)

    def beside(self, clock: Callable[[], float]) -> AbstractContextManager[Store]:
        """The store for a look beside it."""
        return opened_beside(self.directory, clock=clock, database=self.database)
