"""What the tests of the store share: they run on both homes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clock import Clock
from homes import Home

from alternator.store.interface import Store


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Home:
    """Each home, with nothing in it."""
    if request.param == "sqlite":
        return Home(directory=tmp_path / "state")
    return Home(directory=tmp_path / "state", database=request.getfixturevalue("database"))


@pytest.fixture
def store(home: Home, clock: Clock) -> Iterator[Store]:
    """A store in a time that stands still."""
    with home.opened(clock) as store:
        yield store
