import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from clock import Clock

from alternator.config.database import DatabaseSettings
from alternator.db.importing import TABLES, Imported, import_state
from alternator.errors import ConfigError, StateError
from alternator.store.asked import Asking, Consent
from alternator.store.drafts import NewDraft
from alternator.store.edit_history import Writing
from alternator.store.errands import Errand
from alternator.store.interface import Store
from alternator.store.ledger import BackfillPlace
from alternator.store.opening import STATE_FILE, opened
from alternator.store.outcomes import Found, Outcome, to_retry
from alternator.store.sqlite.asked_tables import ASKED_TABLES
from alternator.store.sqlite.tally import TALLY

SERVER = "https://social.example"


def fill(store: Store, remote_id: str, clock: Clock) -> None:
    """Something in every table; one post was at work when the bot ended."""
    state = store.use_account(SERVER, remote_id, server_time=900_000.0)
    posts = [
        Found(status_id=str(n), attachment_ids=(f"{n}1", f"{n}2"), backfill=n > 7)
        for n in range(5, 10)
    ]
    state.record(posts, cursor="9", floor="4")
    state.admit_old(["1", "2"], 5)
    writing = Writing(attachment_id="91", kind="image", before=None, text="A 'boat'\t\\N\n🛥")
    state.history.sending("9", [writing])
    claim = state.claim()
    assert claim is not None
    state.finish(
        claim,
        [
            Outcome(attachment_id=f"{claim.status_id}1", state="described"),
            to_retry(f"{claim.status_id}2", "busy\x00 server"),
        ],
    )
    state.history.written("9", ["91"], edited_at=5.5)
    state.history.begin_undo("5", ["52"], alone=False)
    state.drafts.keep(
        NewDraft(
            status_id="6",
            kind="review",
            audience="public",
            basis="b",
            texts={"61": "A tree"},
            numbers={"61": 1},
            url="https://x",
            note="",
        )
    )
    state.ledger.spend("edit", 2)
    state.ledger.tell("credit", apart=5.0)
    state.ledger.answered("7", ["71"])
    state.ledger.set_backfill(BackfillPlace(below="3", left=2))
    for kind in ("undo", "rewrite"):
        state.errands.ask(Errand(kind=kind, status_id="9", attachment_id="91", text="t"))
    errand = state.errands.next()
    assert errand is not None
    state.errands.begin(errand.number)
    state.asked.set_consent(Consent(person="8", wish="all", how="reply"))
    asking = Asking(status_id="55", asker="8", author="8", address="@a", below="6", is_open=True)
    state.asked.ask(asking)
    state.outgoing.sending("answer:55", ["one"])
    state.asked.set_place("notices", "77")
    store.use_tokens(20_000, 55)
    clock.now += 1
    assert state.claim() is not None


@pytest.fixture
def directory(tmp_path: Path, clock: Clock) -> Path:
    found = tmp_path / "state"
    with opened(found, clock=clock) as store:
        fill(store, "7", clock)
        fill(store, "8", clock)
    return found


@pytest.fixture
def db(database: DatabaseSettings) -> Iterator["psycopg.Connection[Any]"]:
    assert database.url is not None
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield connection


def imported(db: "psycopg.Connection[Any]", directory: Path, *, replace: bool = False) -> Imported:
    return import_state(db, directory, replace=replace)


def rows_of_file(directory: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(directory / STATE_FILE)) as source:
        return source.execute(f"SELECT * FROM {table}").fetchall()


def rows_of_database(db: "psycopg.Connection[Any]", directory: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(directory / STATE_FILE)) as source:
        columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
    return db.execute(f"SELECT {', '.join(columns)} FROM {table}".encode()).fetchall()


def as_one_text(rows: list[tuple[Any, ...]]) -> list[list[str]]:
    return sorted([str(value) for value in row] for row in rows)


def test_every_row_of_every_table_arrives(db: Any, directory: Path, clock: Clock):
    done = import_state(db, directory, replace=False, clock=clock)
    assert done.accounts == ((SERVER, "7"), (SERVER, "8"))
    with opened(directory, clock=clock) as store:  # as a start leaves it
        for server, remote_id in store.all_accounts():
            store.use_account(server, remote_id)
    for table in ("account", "tokens", *TABLES):
        expected = rows_of_file(directory, table)
        if table == "attachment":
            expected = [
                tuple("busy\ufffd server" if value == "busy\x00 server" else value for value in row)
                for row in expected
            ]
        assert expected, table
        assert as_one_text(rows_of_database(db, directory, table)) == as_one_text(expected), table
        if table != "account":
            assert done.rows[table] == len(expected)


def test_what_waits_has_jobs_and_numbers_go_on(
    db: Any, directory: Path, database: DatabaseSettings, tmp_path: Path
):
    done = imported(db, directory)
    (waiting,) = db.execute(
        "SELECT count(*) FROM (SELECT DISTINCT account, status_id FROM attachment "
        "WHERE state = 'waiting') AS posts"
    ).fetchone()
    jobs = db.execute("SELECT task_name, count(*) FROM procrastinate_jobs GROUP BY 1").fetchall()
    assert dict(jobs) == {"alternator.describe": waiting, "alternator.errand": 4}
    assert done.waiting == waiting == 10
    with opened(tmp_path / "other", clock=lambda: 2e6, database=database) as store:
        state = store.use_account(SERVER, "7")
        kept = [draft.number for draft in state.drafts.listed()]
        new = state.drafts.keep(
            NewDraft(
                status_id="99",
                kind="review",
                audience="public",
                basis="b",
                texts={"991": "A"},
                numbers={"991": 1},
            )
        )
        assert kept == [1] and new.number == 3
        assert state.history.entries()[0].writing.text == "A 'boat'\t\\N\n🛥"


def test_an_account_that_is_known_is_replaced_only_where_that_is_said(db: Any, directory: Path):
    imported(db, directory)
    before = rows_of_database(db, directory, "attachment")
    with pytest.raises(ConfigError, match=r"knows account 7 on https://social.example already; wi"):
        imported(db, directory)
    assert rows_of_database(db, directory, "attachment") == before
    imported(db, directory, replace=True)
    for table in ("attachment", "written", "draft", "errand", "tokens"):
        assert len(rows_of_database(db, directory, table)) == len(rows_of_file(directory, table))
    # Numbers are not given twice, and what refers to them goes along.
    (begun, newest) = db.execute(
        "SELECT max(errand.begun), max(written.id) FROM errand, written"
    ).fetchone()
    assert begun == newest == 4


def test_it_comes_beside_what_others_have(
    db: Any, directory: Path, database: DatabaseSettings, tmp_path: Path, clock: Clock
):
    with opened(tmp_path / "other", clock=clock, database=database) as store:
        fill(store, "6", clock)
    imported(db, directory)
    (drafts,) = db.execute("SELECT array_agg(number ORDER BY number) FROM draft").fetchone()
    assert drafts == [1, 2, 3]
    accounts = db.execute(
        "SELECT remote_id, count(*) FROM account JOIN attachment ON account = id GROUP BY 1"
    ).fetchall()
    assert dict(accounts) == {"6": 10, "7": 10, "8": 10}


def test_a_bot_at_work_there_is_not_disturbed(db: Any, directory: Path, clock: Clock):
    with (
        opened(directory, clock=clock),
        pytest.raises(ConfigError, match="another bot is at work in"),
    ):
        imported(db, directory)


def test_where_there_is_no_file_nothing_is_made(db: Any, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"there is no .*state\.sqlite3; name the"):
        imported(db, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_damaged_file_is_told_by_its_name(db: Any, tmp_path: Path):
    path = tmp_path / STATE_FILE
    path.write_bytes(b"This is something else entirely." * 100)
    with pytest.raises(StateError, match="is damaged") as refused:
        imported(db, tmp_path)
    assert str(path) in str(refused.value)
    assert db.execute("SELECT count(*) FROM account").fetchone() == (0,)


def test_an_earlier_file_is_brought_up_in_a_copy(db: Any, directory: Path):
    path = directory / STATE_FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for name in ("consent", "asking", "outgoing", "place"):
            assert any(f"TABLE {name} " in statement for statement in ASKED_TABLES)
            other.execute(f"DROP TABLE {name}")
        for statement in TALLY:
            for kind, name in re.findall(r"CREATE (TABLE|TRIGGER) (\w+)", statement):
                other.execute(f"DROP {kind} {name}")
        other.execute("PRAGMA user_version = 7")
    done = imported(db, directory)
    assert (done.rows["attachment"], done.rows["asking"]) == (20, 0)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (7,)
