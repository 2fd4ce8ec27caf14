import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clock import Clock
from postgres import PostgresServer

from alternator.cli import main
from alternator.store.opening import opened
from alternator.store.outcomes import Found
from alternator.store.postgres.schema import VERSION
from probe.exit_codes import ExitCode

VARIABLE = "ALTERNATOR_DATABASE_URL"


@pytest.fixture
def empty(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """A database with nothing in it, which the environment names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    name = postgres.empty()
    monkeypatch.setenv(VARIABLE, postgres.url(name))
    yield name
    postgres.drop(name)


def test_the_tables_are_made_looked_at_and_filled(
    empty: str, tmp_path: Path, clock: Clock, capsys: pytest.CaptureFixture[str]
):
    with opened(tmp_path / "state", clock=clock) as store:
        state = store.use_account("https://social.example", "7")
        state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=False)])

    def said(*words: str) -> tuple[int, list[str]]:
        code = main(["db", *words])
        output = capsys.readouterr()
        return code, (output.out + output.err).splitlines()

    code, lines = said("status")
    assert (code, lines[-1]) == (
        ExitCode.FAILED,
        "tables: none of Alternator; run `alternator db upgrade`",
    )
    code, lines = said("import", str(tmp_path / "state"))
    assert code == ExitCode.STATE and "no tables of Alternator yet" in lines[0]
    code, lines = said("upgrade")
    where = f"the database {empty} on this machine:{port_of()}"
    assert (code, lines) == (0, [f"{where}: the tables are made (schema {VERSION})"])
    code, lines = said("upgrade")
    assert (code, lines[0].partition(": ")[2]) == (0, f"nothing to do, it has schema {VERSION}")
    code, lines = said("import", str(tmp_path / "state"))
    assert code == 0
    assert lines[:-1] == [
        "account 7 on https://social.example",
        "  attachment: 2 rows",
        "jobs for 1 posts that wait",
    ]
    code, lines = said("import", str(tmp_path / "state"))
    assert code == ExitCode.USAGE and "--replace" in lines[0]
    code, lines = said("status")
    assert code == 0
    assert "accounts: 1, at work here: no" in lines
    assert "jobs alternator.describe, queue vision: 1 todo" in lines
    assert main(["db", "status", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["program"], found["accounts"]) == (VERSION, VERSION, 1)
    assert found["jobs"] == [
        {"task": "alternator.describe", "queue": "vision", "status": "todo", "number": 1}
    ]


def port_of() -> str:
    import os

    return os.environ[VARIABLE].rpartition("=")[2]


def test_tables_of_a_later_program_are_refused(
    empty: str, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
):
    assert main(["db", "upgrade"]) == 0
    postgres.execute("INSERT INTO alternator_schema VALUES (99, 0, '9.0', 'x')", empty)
    assert main(["db", "upgrade"]) == ExitCode.STATE
    assert f"schema 99 is newer than this program, which has {VERSION}" in capsys.readouterr().err
    assert main(["db", "status"]) == ExitCode.FAILED
    assert "newer than this program" in capsys.readouterr().out


def test_without_an_address_it_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    assert main(["db", "status"]) == ExitCode.USAGE
    assert f"set {VARIABLE}=postgresql://" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["upgrade"], ["status"]])
def test_a_password_is_never_shown(
    command: list[str],
    postgres: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    address = f"postgresql://bot:s3cr3tword@127.0.0.1:{postgres.port}/postgres"
    monkeypatch.setenv(VARIABLE, address)
    assert main(["db", *command]) == ExitCode.USAGE
    said: Any = capsys.readouterr()
    assert "does not let the user bot in" in said.err
    assert "s3cr3t" not in said.err + said.out
    assert len(said.err.splitlines()) == 1
