import os
import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from alternator.config.database import DatabaseSettings
from alternator.errors import TemporaryStateError
from alternator.store.postgres import patience
from alternator.store.postgres.address import address_of
from alternator.store.postgres.database import Database


@pytest.fixture
def opened(database: DatabaseSettings) -> Iterator[Database]:
    with closing(Database(address_of(database, "test"), shared=None)) as found:
        yield found


def test_a_server_that_falls_silent_is_left(opened: Database, monkeypatch: pytest.MonkeyPatch):
    """Its process hangs: what is sent arrives, and nobody answers."""
    monkeypatch.setattr(patience, "SILENT_SECONDS", 0.5)
    hung = 0
    try:
        with pytest.raises(TemporaryStateError, match="nothing came"), opened.writing() as db:
            (hung,) = db.execute("SELECT pg_backend_pid()").fetchone()
            os.kill(hung, signal.SIGSTOP)
            db.execute("SELECT 1")
        # The next one has another connection.
        with opened.writing() as db:
            (other,) = db.execute("SELECT pg_backend_pid()").fetchone()
        assert other != hung
    finally:
        os.kill(hung, signal.SIGCONT)
