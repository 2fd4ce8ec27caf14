"""A store that several processes share, for the tests of what they know of each other."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from alternator.config.database import DatabaseSettings
from alternator.store.postgres.cluster import PostgresCluster
from alternator.store.postgres.store import PostgresStore


@pytest.fixture
def shared(database: DatabaseSettings) -> Iterator[PostgresStore]:
    """A store on a database, in the database's own time."""
    with closing(PostgresStore(database, role="test", shared=True)) as store:
        yield store


@pytest.fixture
def cluster(shared: PostgresStore) -> PostgresCluster:
    """What the processes that share it know of each other."""
    found = shared.cluster
    assert isinstance(found, PostgresCluster)
    return found
