import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest
from loopback import free_port
from postgres import PostgresServer, postgres_server, programs
from small_disk import fill, make_room, small_disk
from waiting import wait_for

from alternator.config.database import DatabaseSettings
from alternator.errors import ConfigError, StateError, TemporaryStateError
from alternator.store.postgres import database as module
from alternator.store.postgres import schema
from alternator.store.postgres.address import address_of
from alternator.store.postgres.database import Database


@pytest.fixture
def opened(database: DatabaseSettings) -> Iterator[Database]:
    with closing(Database(address_of(database, "test"), shared=None, patience=1.0)) as found:
        yield found


def number(database: Database) -> int:
    with database.reading() as db:
        (found,) = db.execute("SELECT count(*) FROM tokens").fetchone()
    return int(found)


def add(database: Database, day: int) -> None:
    with database.writing() as db:
        db.execute("INSERT INTO tokens (day, used) VALUES (?, ?)", (day, 1))


def test_a_transaction_is_all_or_nothing(opened: Database):
    with pytest.raises(RuntimeError), opened.writing() as db:
        db.executemany("INSERT INTO tokens (day, used) VALUES (?, ?)", [(1, 1), (2, 1)])
        raise RuntimeError
    assert number(opened) == 0
    with opened.writing() as db:
        rows = [(1, 1), (2, 1)]
        found = db.executemany("INSERT INTO tokens (day, used) VALUES (?, ?)", rows)
        assert found.rowcount == 2
    assert number(opened) == 2


def test_the_server_can_tell_who_is_connected(opened: Database):
    with opened.reading() as db:
        row = db.execute(
            "SELECT application_name, current_setting('statement_timeout'), "
            "current_setting('TimeZone') FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
    assert row == ("alternator test", "30s", "UTC")


def test_threads_have_connections_of_their_own(opened: Database):
    met = threading.Barrier(4, timeout=10)

    def use() -> None:
        with opened.writing():
            met.wait()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not met.broken


def test_more_threads_than_connections_wait_and_are_told(opened: Database):
    with ExitStack() as stack:
        for _ in range(opened.address.connections):
            stack.enter_context(opened.reading())
        with (
            pytest.raises(TemporaryStateError, match="all 5 connections of this process are in"),
            opened.reading(),
        ):
            pass
    assert number(opened) == 0


def test_a_statement_that_takes_too_long_is_broken_off(opened: Database):
    with pytest.raises(TemporaryStateError, match="did not answer in time"), opened.reading() as db:
        db.execute("SET statement_timeout = 50")
        db.execute("SELECT pg_sleep(10)")


def test_a_connection_that_was_ended_is_replaced(opened: Database, database: DatabaseSettings):
    """As after a restart of the server, between two uses."""
    add(opened, 1)
    assert database.url is not None
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
    add(opened, 2)
    assert number(opened) == 2


def test_tables_of_another_version_are_refused(
    database: DatabaseSettings, postgres: PostgresServer
):
    assert database.url is not None
    address = address_of(database, "test")
    with psycopg.connect(database.url, autocommit=True) as db:
        db.execute("DELETE FROM alternator_schema WHERE version > 1")
        db.execute("UPDATE alternator_schema SET version = 99")
        newer = f"schema 99 is newer than this program, which has {schema.VERSION}"
        with pytest.raises(StateError, match=newer):
            Database(address, shared=None)
        db.execute("UPDATE alternator_schema SET version = 0")
        with pytest.raises(StateError, match=r"of an earlier version .* run `alternator db upgr"):
            Database(address, shared=None)
    name = postgres.empty()
    with pytest.raises(StateError, match="no tables of Alternator yet; run `alternator db upgr"):
        Database(address_of(postgres.settings(name), "test"), shared=None)
    postgres.drop(name)


def test_a_server_that_is_too_old_is_refused(
    database: DatabaseSettings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "LEAST_VERSION", 99)
    with pytest.raises(ConfigError, match=r"is PostgreSQL 1., and 99 is the oldest that will do"):
        Database(address_of(database, "test"), shared=None)


def test_what_can_not_be_configured_so_is_told_at_once(postgres: PostgresServer):
    with pytest.raises(ConfigError, match=r"database none on this machine.* does not exist"):
        Database(address_of(postgres.settings("none"), "test"), shared=None)


def test_a_database_that_can_only_be_read_says_so(
    opened: Database, database: DatabaseSettings, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "alternator")
    for _ in range(2):
        with (
            pytest.raises(TemporaryStateError, match="can only be read now"),
            opened.writing() as db,
        ):
            db.execute("SET TRANSACTION READ ONLY")
            db.execute("DELETE FROM tokens")
        with pytest.raises(TemporaryStateError, match="can only be read now"):
            opened.check_written()
    add(opened, 1)
    opened.check_written()
    said = [record.getMessage() for record in caplog.records]
    assert [line.rpartition(" ")[2] for line in said] == ["described", "again"]


class TestStopped:
    """A server that is stopped and started; one of the test's own."""

    @pytest.fixture
    def server(self) -> Iterator[PostgresServer]:
        if programs() is None:
            pytest.skip("PostgreSQL is not installed (Debian's package: postgresql)")
        with postgres_server(free_port()) as server:
            server.make_template()
            yield server

    @pytest.mark.parametrize("alone", [False, True], ids=["beside", "alone"])
    def test_everything_goes_on_by_itself_when_it_is_back(
        self, server: PostgresServer, alone: bool, caplog: pytest.LogCaptureFixture
    ):
        caplog.set_level(logging.INFO, "alternator")
        address = address_of(server.settings("with_tables"), "test")
        shared = False if alone else None
        with closing(Database(address, shared=shared, patience=0.2)) as opened:
            add(opened, 1)
            server.stop()
            for _ in range(2):
                with pytest.raises(TemporaryStateError, match="database with_tables on this mach"):
                    add(opened, 2)
            server.start()
            wait_for(lambda: done(lambda: add(opened, 2)), 20, "the database to be used again")
            assert number(opened) == 2
            if alone:
                with pytest.raises(ConfigError, match="another bot is at work in the database"):
                    Database(address, shared=False)
        said = [record.getMessage() for record in caplog.records]
        assert said[-1] == f"{address.shown} can be written again"
        assert all(line.endswith("until then nothing is described") for line in said[:-1])
        assert 1 <= len(said[:-1]) <= 2

    def test_a_full_disk_loses_nothing(self, server: PostgresServer):
        with small_disk(server.folder / "disk", kibibytes=48 * 1024) as disk:
            (disk / "space").mkdir()
            shutil.chown(disk / "space", server.folder.owner(), server.folder.group())
            server.execute(f"CREATE TABLESPACE small LOCATION '{disk / 'space'}'")
            server.execute("CREATE DATABASE small TEMPLATE with_tables TABLESPACE small")
            with closing(Database(address_of(server.settings("small"), "test"), shared=None)) as db:
                add(db, 1)
                fill(disk)
                with pytest.raises(TemporaryStateError, match="disk is full; free some space"):
                    for number_of_day in range(2, 200):
                        days = range(number_of_day * 1000, number_of_day * 1000 + 1000)
                        with db.writing() as connection:
                            connection.executemany(
                                "INSERT INTO tokens (day, used) VALUES (?, ?)",
                                [(day, 1) for day in days],
                            )
                with pytest.raises(TemporaryStateError, match="disk is full"):
                    db.check_written()
                whole = number(db)
                assert whole % 1000 == 1  # what was being written is not there in part
                make_room(disk)
                add(db, 2)
                db.check_written()
                assert number(db) == whole + 1
            server.stop()

    def test_a_start_waits_for_it(self, server: PostgresServer, caplog: pytest.LogCaptureFixture):
        server.stop()
        found: list[Any] = []
        address = address_of(server.settings("with_tables"), "test")

        def start() -> None:
            with closing(Database(address, shared=True)) as opened:
                found.append(number(opened))

        thread = threading.Thread(target=start)
        thread.start()
        wait_for(lambda: "it is waited for" in caplog.text, what="a line in the log")
        server.start()
        thread.join(30)
        assert found == [0]


def done(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except TemporaryStateError:
        return False
    return True
