import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
import pytest
from postgres import PostgresServer, programs

from alternator.config.database import DatabaseSettings
from alternator.store.outcomes import Found
from alternator.store.postgres import schema
from alternator.store.postgres.schema import Migration, upgrade
from alternator.store.postgres.store import PostgresStore


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database."""
    name = postgres.empty()
    yield postgres.url(name)
    postgres.drop(name)


def connected(url: str) -> "psycopg.Connection[Any]":
    return psycopg.connect(url, autocommit=True)


def test_the_tables_are_made_once(url: str):
    with connected(url) as db:
        assert schema.version_in(db) == (None, schema.VERSION)
        first = upgrade.upgrade(db)
        assert (first.before, first.after, first.is_change) == (None, schema.VERSION, True)
        assert schema.version_in(db) == (schema.VERSION, schema.VERSION)
        again = upgrade.upgrade(db)
        assert (again.before, again.is_change) == (schema.VERSION, False)
        rows = db.execute(
            "SELECT version, program, queue FROM alternator_schema ORDER BY version"
        ).fetchall()
        assert rows == [
            (step.version, version("alternator"), upgrade.queue_migrations()[-1])
            for step in schema.migrations()
        ]
        for table in ("attachment", "process", "watched", "limits", "procrastinate_jobs"):
            assert db.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() == (0,)


def test_the_last_migration_is_this_programs_version():
    assert [step.version for step in schema.migrations()] == list(range(1, schema.VERSION + 1))


def test_two_at_once_make_them_once(url: str):
    found: list[upgrade.Upgraded | BaseException] = []

    def run() -> None:
        try:
            with connected(url) as db:
                found.append(upgrade.upgrade(db))
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            found.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    changes = [one.is_change for one in found if isinstance(one, upgrade.Upgraded)]
    assert sorted(changes) == [False, False, True], found


def test_a_later_migration_comes_on_top(url: str, monkeypatch: pytest.MonkeyPatch):
    with connected(url) as db:
        upgrade.upgrade(db)
        later = Migration(
            version=schema.VERSION + 1, statements=("ALTER TABLE account ADD COLUMN note text",)
        )
        steps = (*schema.migrations(), later)
        monkeypatch.setattr(schema, "migrations", lambda: steps)
        done = upgrade.upgrade(db)
        assert (done.before, done.after) == (schema.VERSION, schema.VERSION + 1)
        assert db.execute("SELECT note FROM account").fetchall() == []
        assert db.execute("SELECT count(DISTINCT queue) FROM alternator_schema").fetchone() == (1,)


def test_what_is_done_with_is_counted_once_and_followed_from_then_on(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    steps = schema.migrations()
    with connected(url) as db:
        monkeypatch.setattr(schema, "migrations", lambda: steps[:1])
        upgrade.upgrade(db)
        db.execute("INSERT INTO account (id, server, remote_id) VALUES (7, 'https://x.example', 1)")
        db.execute(
            "INSERT INTO attachment (account, status_id, attachment_id, state, backfill, "
            "not_before, found, changed) SELECT 7, n, n, CASE WHEN n < 4 THEN 'described' "
            "WHEN n < 6 THEN 'left' ELSE 'waiting' END, 0, 0, 0, 0 FROM generate_series(1, 9) AS n"
        )
        monkeypatch.setattr(schema, "migrations", lambda: steps)
        upgrade.upgrade(db)
    with closing(PostgresStore(DatabaseSettings(url=url), role="test", shared=True)) as store:
        state = store.of_account(7)
        assert state.counts() == {"described": 3, "left": 2, "waiting": 4}
        state.listing.retry("5")
        assert state.counts() == {"described": 3, "left": 1, "waiting": 5}


def test_the_accounts_that_are_there_are_counted(url: str, monkeypatch: pytest.MonkeyPatch):
    steps = schema.migrations()
    with connected(url) as db:
        monkeypatch.setattr(schema, "migrations", lambda: steps[:2])
        upgrade.upgrade(db)
        db.execute(
            "INSERT INTO watched (key, source, server, handle, created, paused) SELECT "
            "'config:' || n, 'config', 'https://x.example', '', 0, n > 5 FROM "
            "generate_series(1, 7) AS n"
        )
        monkeypatch.setattr(schema, "migrations", lambda: steps)
        upgrade.upgrade(db)
    with closing(PostgresStore(DatabaseSettings(url=url), role="test", shared=True)) as store:
        assert store.cluster is not None
        enrolment = store.cluster.enrolment
        assert len(enrolment.lease("a", watchers=2, seconds=30)) == 3
        assert len(enrolment.lease("b", watchers=2, seconds=30)) == 2


def test_one_that_fails_leaves_nothing_of_itself(url: str, monkeypatch: pytest.MonkeyPatch):
    with connected(url) as db:
        upgrade.upgrade(db)
        broken = Migration(
            version=schema.VERSION + 1,
            statements=("CREATE TABLE half (x integer)", "SELECT 1/0"),
        )
        steps = (*schema.migrations(), broken)
        monkeypatch.setattr(schema, "migrations", lambda: steps)
        with pytest.raises(psycopg.errors.DivisionByZero):
            upgrade.upgrade(db)
        assert schema.version_in(db)[0] == schema.VERSION
        assert db.execute("SELECT to_regclass('half')").fetchone() == (None,)
        # Nobody else waits for it.
        with connected(url) as other, pytest.raises(psycopg.errors.DivisionByZero):
            upgrade.upgrade(other)


def test_a_dump_that_is_restored_has_all_and_goes_on(
    url: str, postgres: PostgresServer, tmp_path: Path
):
    """The commands of docs/database.md."""
    found = Found(status_id="5", attachment_ids=("51",), backfill=False)
    with connected(url) as db:
        upgrade.upgrade(db)
    with closing(PostgresStore(DatabaseSettings(url=url), role="test", shared=True)) as store:
        store.use_account("https://social.example", "7").record([found])
    programs_of, dump = programs(), tmp_path / "alternator.dump"
    assert programs_of is not None
    subprocess.run(
        [programs_of / "pg_dump", "--format=custom", f"--file={dump}", url], check=True, cwd="/"
    )
    name = postgres.empty()
    again = postgres.url(name)
    subprocess.run(
        [programs_of / "pg_restore", "--no-owner", f"--dbname={again}", dump], check=True, cwd="/"
    )
    with (
        closing(PostgresStore(DatabaseSettings(url=again), role="test", shared=True)) as store,
        connected(again) as db,
    ):
        state = store.use_account("https://social.example", "7")
        assert state.record([found]) == ()
        jobs = "SELECT lock FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id"
        assert db.execute(jobs).fetchall() == [(f"{state.key}:5",)]
        state.record([replace(found, status_id="6")])
        assert db.execute(jobs).fetchall() == [(f"{state.key}:5",), (f"{state.key}:6",)]
        assert not upgrade.upgrade(db).is_change
    postgres.drop(name)


def test_tables_of_a_later_program_are_left_as_they_are(url: str):
    with connected(url) as db:
        upgrade.upgrade(db)
        db.execute("INSERT INTO alternator_schema VALUES (99, 0, '9.0', 'x')")
        with pytest.raises(upgrade.NewerError) as refused:
            upgrade.upgrade(db)
        assert refused.value.found == 99


def test_the_queues_own_migrations_are_applied_once(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with connected(url) as db:
        upgrade.upgrade(db)
        (tmp_path / upgrade.queue_migrations()[-1]).write_text("SELECT 1/0")
        (tmp_path / "99.00.00_01_pre_more.sql").write_text("CREATE TABLE more (x integer);")
        (tmp_path / "99.00.00_50_post_more.sql").write_text("ALTER TABLE more ADD y integer;")
        monkeypatch.setattr(upgrade, "migrations_path", tmp_path)
        assert upgrade.upgrade(db).queue
        assert db.execute("SELECT x, y FROM more").fetchall() == []
        assert not upgrade.upgrade(db).is_change
