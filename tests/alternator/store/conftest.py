"""What the tests of the store share: they run on both homes."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from clock import Clock

from alternator.store.interface import Store
from alternator.store.opening import opened
from alternator.store.postgres.store import PostgresStore


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """A store in a time that stands still, in each home."""
    if request.param == "sqlite":
        with opened(tmp_path / "state", clock=clock) as store:
            yield store
        return
    settings = request.getfixturevalue("database")
    with closing(PostgresStore(settings, role="test", shared=False, clock=clock)) as store:
        yield store
