"""The mode ``reply``, with the real bot against the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alternator.store.opening import STATE_FILE
from sandbox.model import entities
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]


@pytest.fixture
def bot(make_bot: MakeBot) -> Any:
    return make_bot(mastodon={"mode": "reply", "visibilities": tuple(SEEN)})


SEEN = {"public": "unlisted", "unlisted": "unlisted", "private": "private", "direct": "direct"}


def edits(server: SandboxServer) -> int:
    return len(server.requests(method="PUT", path="/api/v1/statuses/*"))


@pytest.mark.parametrize(("visibility", "seen"), SEEN.items())
def test_a_reply_is_seen_by_nobody_who_does_not_see_the_post(
    server: SandboxServer, bot: Any, picture: Path, visibility: str, seen: str
):
    status = server.post(
        "Look", files=[picture], visibility=visibility, spoiler_text="Weather", language="de"
    )
    before = server.status(status["id"])
    bot.once()
    (reply,) = server.replies(status["id"])
    assert (reply["visibility"], reply["spoiler_text"]) == (seen, "Weather")
    assert reply["language"] == "de"
    assert "320 by 200 pixels" in reply["content"]
    after: entities.Status = {
        **server.status(status["id"]),
        "replies_count": 0,
        "account": before["account"],  # which counts its posts
    }
    assert after == before
    assert edits(server) == 0


def test_a_post_is_answered_once(server: SandboxServer, bot: Any, picture: Path):
    status = server.post("Look", files=[picture])
    for _ in range(2):
        bot.once()
    # The state is lost, and what was posted is found on the server.
    for file in bot.config.state.directory.glob(f"{STATE_FILE}*"):
        file.unlink()
    bot.once()
    assert len(server.replies(status["id"])) == 1
    assert [row[0] for row in bot.rows()] == ["described"]


def test_a_reply_whose_answer_is_lost_is_not_posted_again(
    server: SandboxServer, bot: Any, picture: Path
):
    status = server.post("Look", files=[picture])
    server.fail("/api/v1/statuses", method="POST", status=502, after=True, times=1)
    bot.once()
    assert len(server.replies(status["id"])) == 1


def test_several_attachments_are_told_apart_and_one_with_a_description_left_out(
    server: SandboxServer, bot: Any, picture: Path
):
    status = server.post("Look", files=[picture] * 3, descriptions=[None, "Mine", None])
    bot.once()
    (reply,) = server.replies(status["id"])
    assert "1: " in reply["content"] and "3: " in reply["content"]
    assert "2: " not in reply["content"]


def test_nobody_is_named_by_a_reply(server: SandboxServer, bot: Any, clip: Path):
    status = server.post("Listen", files=[clip])
    bot.transcriber.texts = ["Ask @neighbour about #rain"]
    bot.once()
    (reply,) = server.replies(status["id"])
    assert (reply["mentions"], reply["tags"]) == ([], [])


def test_a_long_text_is_a_chain_of_replies(server: SandboxServer, bot: Any, clip: Path):
    status = server.post("Listen", files=[clip])
    bot.transcriber.texts = ["One word after the other. " * 40]
    bot.once()
    (first,) = server.replies(status["id"])
    (second,) = server.replies(first["id"])
    assert second["visibility"] == "unlisted"
    for file in bot.config.state.directory.glob(f"{STATE_FILE}*"):
        file.unlink()
    bot.transcriber.texts = ["Other words, since it hears anew."]
    bot.once()
    assert len(server.replies(status["id"])) == 1


@pytest.mark.parametrize("dialect", ["akkoma", "mastodon-4.0"])
def test_a_server_without_such_an_edit_is_answered(
    make_bot: MakeBot, picture: Path, vision: VisionServer, dialect: str
):
    with SandboxServer(settings=Settings.of(dialect)) as server:
        status = server.post("Look", files=[picture])
        bot = make_bot(mastodon={"mode": "reply", "instance_url": server.url})
        bot.once()
        (reply,) = server.replies(status["id"])
        assert "320 by 200 pixels" in reply["content"]
        assert edits(server) == 0
