"""The whole bot of one process with its state in PostgreSQL, and the commands beside it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.bot.run import run
from alternator.cli import main
from alternator.config.database import DatabaseSettings
from alternator.errors import ConfigError
from alternator.stopping import Stop
from alternator.store.opening import STATE_FILE
from probe.exit_codes import ExitCode
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


@pytest.fixture
def words(
    configured: Callable[[Any], list[str]],
    database: DatabaseSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Any], list[str]]:
    """The words by which a command finds the bot's configuration and its database."""
    assert database.url is not None
    monkeypatch.setenv("ALTERNATOR_DATABASE_URL", database.url)
    return configured


def database_of(settings: DatabaseSettings) -> dict[str, Any]:
    return {"url": settings.url, "connections": settings.connections}


def test_a_post_is_described_and_every_command_knows_of_it(
    server: SandboxServer,
    database: DatabaseSettings,
    make_bot: MakeBot,
    words: Callable[[Any], list[str]],
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    post = server.post("Look", files=[picture])
    bot = make_bot(database=database_of(database))
    found = words(bot)
    bot.start()
    server.wait_until_described(post["id"], seconds=60.0)

    def status() -> dict[str, Any]:
        main(["status", *found, "--json"])
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    wait_for(lambda: status()["accounts"][0]["queue"]["described"] == 1)
    assert status()["bot"] == "unknown"  # it is at work, and has no health answer
    with pytest.raises(ConfigError, match="another bot is at work in the database"):
        run(bot.config, Stop())
    bot.end()
    assert status()["bot"] == "none"
    assert not (bot.config.state.directory / STATE_FILE).exists()
    assert main(["history", *found]) == 0
    assert post["id"] in capsys.readouterr().out
    assert main(["undo", post["id"], *found]) == 0
    assert "its description was taken back" in capsys.readouterr().out
    (medium,) = server.status(post["id"])["media_attachments"]
    assert medium["description"] is None
    assert len(server.requests("PUT")) == 2


def test_a_draft_is_decided_about_beside_the_bot(
    server: SandboxServer,
    database: DatabaseSettings,
    make_bot: MakeBot,
    words: Callable[[Any], list[str]],
    picture: Path,
    capsys: pytest.CaptureFixture[str],
):
    post = server.post("Look", files=[picture])
    bot = make_bot(database=database_of(database), mastodon={"mode": "review"})
    found = words(bot)
    bot.once()
    assert main(["drafts", *found, "list"]) == 0
    assert post["url"] in capsys.readouterr().out
    assert main(["drafts", *found, "approve", "1"]) == 0
    assert "draft 1 is approved" in capsys.readouterr().out


def test_the_configuration_is_shown_without_the_password(
    make_bot: MakeBot,
    configured: Callable[[Any], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setenv("ALTERNATOR_DATABASE_URL", "postgresql://bot:s3cr3tword@db.invalid/posts")
    _, file = configured(make_bot())
    assert main(["config", "check", file]) == 0
    said = capsys.readouterr()
    assert "s3cr3t" not in said.out + said.err
    assert os.environ["ALTERNATOR_DATABASE_URL"] not in said.out


def test_a_database_without_tables_says_what_to_do(
    make_bot: MakeBot,
    configured: Callable[[Any], list[str]],
    postgres: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    name = postgres.empty()
    monkeypatch.setenv("ALTERNATOR_DATABASE_URL", postgres.url(name))
    words = configured(make_bot())
    for command in ("run", "status", "history"):
        assert main([command, *words]) == ExitCode.STATE
        assert "run `alternator db upgrade`" in capsys.readouterr().err
    postgres.drop(name)
