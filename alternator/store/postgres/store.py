"""The store in a PostgreSQL database."""

import time
from collections.abc import Callable

from alternator.config.database import DatabaseSettings
from alternator.store.cluster import Cluster
from alternator.store.elapsed import ElapsedTime
from alternator.store.postgres.address import address_of
from alternator.store.postgres.cluster import PostgresCluster
from alternator.store.postgres.database import PATIENCE_SECONDS, Database
from alternator.store.postgres.time import DatabaseTime
from alternator.store.sql.store import SqlStore


class PostgresStore(SqlStore):
    """``alternator.store.interface.Store`` in a PostgreSQL database.

    ``role`` is what this process is, ``shared`` whether others may be at work as well; None for a
    look beside them. ``clock`` gives Unix time in seconds. None is the database's, which all have
    in common, reckoned by ``monotonic``, seconds that nobody sets. ``patience`` is how many seconds
    an operation waits for a connection.
    """

    # size: as the file's store, and what the others need to know of this process.
    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        role: str,
        shared: bool | None,
        clock: Callable[[], float] | None = None,
        monotonic: Callable[[], float] | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        common = None if clock is not None else DatabaseTime(monotonic=monotonic or time.monotonic)
        self.database = Database(
            address_of(settings, role), shared=shared, clock=common, patience=patience
        )
        now = common.now if clock is None and common is not None else clock
        assert now is not None
        super().__init__(self.database, ElapsedTime(now, monotonic), alone=shared is False)
        self._cluster = PostgresCluster(self.database)

    @property
    def cluster(self) -> Cluster:
        """What the processes that share it know of each other."""
        return self._cluster
