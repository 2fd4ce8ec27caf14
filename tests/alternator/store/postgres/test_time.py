import logging

import psycopg
import pytest

from alternator.config.database import DatabaseSettings
from alternator.store.postgres.time import ASKED_SECONDS, DatabaseTime


class Server:
    """A server whose clock says this; the question takes a tenth of a second."""

    def __init__(self) -> None:
        self.now = 5_000.0
        self.steady = 100.0
        self.asked = 0

    def execute(self, sql: str) -> "Server":
        assert "clock_timestamp" in sql
        self.asked += 1
        self.steady += 0.1
        return self

    def fetchone(self) -> tuple[float]:
        return (self.now,)


@pytest.fixture
def server() -> Server:
    return Server()


def ask(time: DatabaseTime, server: Server) -> None:
    time.ask(server, "the database x")  # type: ignore[arg-type]


def test_it_is_the_servers_time_whatever_this_machines_clock_says(
    server: Server, caplog: pytest.LogCaptureFixture
):
    machine = [4_700.0]
    time = DatabaseTime(clock=lambda: machine[0], monotonic=lambda: server.steady)
    assert (time.now(), time.is_due()) == (4_700.0, True)
    ask(time, server)
    assert time.now() == pytest.approx(5_000.05)
    server.steady += 10
    machine[0] += 10
    assert time.now() == pytest.approx(5_010.05)
    assert not time.is_due()
    ask(time, server)
    (told,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert told.startswith("this machine's clock is 300 s behind that of the database x")


def test_it_is_asked_for_now_and_then_and_when_the_clock_was_set(server: Server):
    machine = [5_000.0]
    time = DatabaseTime(clock=lambda: machine[0], monotonic=lambda: server.steady)
    ask(time, server)
    assert not time.is_due()
    machine[0] += 3600  # set ahead
    assert time.is_due()
    before = time.now()
    ask(time, server)
    assert time.now() == pytest.approx(before, abs=0.2)
    server.steady += ASKED_SECONDS + 1
    machine[0] += ASKED_SECONDS + 1
    assert time.is_due()


def test_a_real_server_is_asked(database: DatabaseSettings):
    assert database.url is not None
    time = DatabaseTime()
    with psycopg.connect(database.url, autocommit=True) as connection:
        time.ask(connection, "it")
        row = connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()
    assert row is not None
    assert time.now() >= float(row[0]) - 1.0
