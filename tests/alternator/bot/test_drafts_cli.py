"""``alternator drafts`` beside a bot and without one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.bot.drafts_cli import main
from alternator.errors import StateError
from alternator.store.drafts import DraftError
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


@pytest.fixture
def bot(make_bot: MakeBot, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bot whose drafts wait for the command, which finds its state."""
    made = make_bot(mastodon={"mode": "review"}, review={"message": False})
    monkeypatch.setenv("ALTERNATOR_STATE_DIR", str(made.config.state.directory))
    return made


def output(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert main(list(argv)) == 0
    return capsys.readouterr().out


def test_drafts_are_listed_shown_and_decided_about(
    server: SandboxServer, bot: Any, picture: Path, capsys: pytest.CaptureFixture[str]
):
    posts = [server.post(f"Look {n}", files=[picture, picture]) for n in range(2)]
    bot.once()
    listed = json.loads(output(capsys, "list", "--json"))
    assert {entry["url"] for entry in listed} == {post["url"] for post in posts}
    first = str(next(e["number"] for e in listed if e["url"] == posts[0]["url"]))
    second = str(next(e["number"] for e in listed if e["url"] == posts[1]["url"]))
    assert posts[0]["url"] in output(capsys, "list")
    assert "\n2:\n" in output(capsys, "show", first)
    said = output(capsys, "approve", first, "--text", "2=A red boat")
    assert said == f"draft {first} is approved: 2 texts for {posts[0]['url']}\n"
    assert "is left alone" in output(capsys, "refuse", second, "--reason", "not this one")
    assert output(capsys, "list") == "no draft waits for a word\n"
    bot.once()
    descriptions = server.descriptions(posts[0]["id"])
    assert "320 by 200" in str(descriptions[0])
    assert descriptions[1] == "A red boat"
    assert server.descriptions(posts[1]["id"]) == [None, None]
    assert json.loads(output(capsys, "show", second, "--json"))["reason"] == "not this one"
    assert "applied" in output(capsys, "list", "--all")


def test_beside_a_running_bot_an_approval_counts_at_once(
    server: SandboxServer, bot: Any, picture: Path, capsys: pytest.CaptureFixture[str]
):
    status = server.post("Look", files=[picture])
    bot.once()
    bot.start()
    output(capsys, "approve", "1")
    assert "320 by 200" in server.wait_until_described(status["id"])[0]


def test_what_can_not_be_done_is_said(server: SandboxServer, bot: Any, picture: Path):
    with pytest.raises(StateError, match="no bot was started with this"):
        main(["list"])
    server.post("Look", files=[picture])
    bot.once()
    for argv, said in (
        (["approve", "7"], "there is no draft 7"),
        (["approve", "1", "--text", "A boat"], "is not PLACE=TEXT"),
        (["approve", "1", "--text", "4=A boat"], "has no attachment 4"),
        (["approve", "1", "--text", "1= "], "can't be empty"),
    ):
        with pytest.raises(DraftError, match=said):
            main(argv)
    assert main(["approve", "1"]) == 0
    with pytest.raises(DraftError, match="was approved before"):
        main(["approve", "1"])
