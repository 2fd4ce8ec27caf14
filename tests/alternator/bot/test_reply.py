"""The mode ``reply``, with the real bot against the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import chain

from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import NewPost, Status
from alternator.store.opening import STATE_FILE
from alternator.store.sql.state import SqlAccountState
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


LONG = "One word after the other. " * 50


class _KilledError(BaseException):
    """Ends a process in the middle."""


def dies(*_: object) -> None:
    raise _KilledError


@pytest.fixture
def break_off(bot: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the bot die at a part of its reply, before it is posted or after."""

    def broken_off(after: bool = False, *, at: int = 2) -> None:
        post = MastodonClient.post
        parts: list[NewPost] = []

        def dying(client: MastodonClient, new: NewPost, **fields: Any) -> Status:
            parts.append(new)
            if len(parts) == at and not after:
                raise _KilledError
            made = post(client, new, **fields)
            if len(parts) == at:
                raise _KilledError
            return made

        with monkeypatch.context() as patch:
            patch.setattr(MastodonClient, "post", dying)
            with pytest.raises(_KilledError):
                bot.once()

    bot.transcriber.texts = [LONG, "Other words, since it hears anew."]
    return broken_off


@pytest.mark.parametrize("after", [False, True])
def test_a_reply_that_was_broken_off_is_ended_in_its_own_words(
    server: SandboxServer, bot: Any, clip: Path, break_off: Callable[..., None], after: bool
):
    status = server.post("Listen", files=[clip])
    break_off(after)
    assert len(chain(server, status["id"])) == 1 + after
    server.sandbox.store.idempotency_keys.clear()
    bot.once()
    parts = chain(server, status["id"])
    assert len(parts) == 3 and "Other words" not in str(parts)
    assert sum(part["content"].count("One word") for part in parts) == 50
    assert [row[0] for row in bot.rows()] == ["described"]
    assert len(bot.transcriber.heard) == 1  # its words are kept


def test_one_that_was_written_down_nowhere_else_is_not_said_again(
    server: SandboxServer, bot: Any, clip: Path, monkeypatch: pytest.MonkeyPatch
):
    """The process ends between the last part and what became of the post."""
    status = server.post("Listen", files=[clip])
    bot.transcriber.texts = [LONG, "Other words, since it hears anew."]
    with monkeypatch.context() as patch:
        patch.setattr(SqlAccountState, "finish", dies)
        with pytest.raises(_KilledError):
            bot.once()
    server.sandbox.store.idempotency_keys.clear()
    bot.once()
    assert len(chain(server, status["id"])) == 3
    assert [row[0] for row in bot.rows()] == ["described"]


def test_what_its_author_took_back_is_left_alone(
    server: SandboxServer, bot: Any, clip: Path, break_off: Callable[..., None]
):
    status = server.post("Listen", files=[clip])
    break_off()
    (first,) = chain(server, status["id"])
    server.delete(first["id"])
    bot.once()
    assert chain(server, status["id"]) == []
    assert [row[:2] for row in bot.rows()] == [
        ("left", "its author has deleted what was posted of it")
    ]


def test_what_was_begun_as_a_reply_is_ended_as_one(
    server: SandboxServer, make_bot: MakeBot, clip: Path, break_off: Callable[..., None]
):
    """Also where the mode is another by now."""
    status = server.post("Listen", files=[clip])
    break_off()
    make_bot(mastodon={"mode": "edit"}).once()
    assert len(chain(server, status["id"])) == 3
    assert server.descriptions(status["id"]) == [None]


def test_a_reply_is_not_gone_on_with_against_the_authors_word(
    server: SandboxServer, bot: Any, clip: Path, break_off: Callable[..., None]
):
    status = server.post("Listen", files=[clip])
    break_off()
    media_ids = [one["id"] for one in status["media_attachments"]]
    server.edit(status["id"], status="Listen #noai", media_ids=media_ids)
    bot.once()
    assert len(chain(server, status["id"])) == 1


def test_an_attachment_that_came_later_gets_a_reply_of_its_own(
    server: SandboxServer, bot: Any, picture: Path, break_off: Callable[..., None]
):
    """Also where that came while the first one was broken off."""
    status = server.post("Look", files=[picture])
    break_off(True, at=1)
    media_ids = [status["media_attachments"][0]["id"], server.upload(picture)]
    server.edit(status["id"], status="Look", media_ids=media_ids)
    bot.once()
    replies = sorted(server.replies(status["id"]), key=lambda one: int(one["id"]))
    assert ["2: " in one["content"] for one in replies] == [False, True]
    assert [row[0] for row in bot.rows()] == ["described"] * 2
