"""An account that describes for others, with the real bot against the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.store.opening import STATE_FILE
from sandbox.model import entities
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
SEEN = "320 by 200 pixels"


def by(server: SandboxServer, token: str, text: str, **fields: Any) -> str:
    """Somebody posts; the id of their post."""
    return server.post(text, token=token, **fields)["id"]


def answers(server: SandboxServer, status_id: str) -> list[entities.Status]:
    return [one for one in server.replies(status_id) if one["account"]["username"] == "demo"]


def names(status: entities.Status) -> list[str]:
    return [mention["username"] for mention in status["mentions"]]


def test_an_author_who_mentions_the_account_in_the_post_is_answered(
    server: SandboxServer, bot: Any, picture: Path
):
    post = by(
        server, "neighbour", "Look, @demo", files=[picture], spoiler_text="Weather", language="de"
    )
    before = server.status(post)
    bot.once()
    (answer,) = answers(server, post)
    assert SEEN in answer["content"]
    assert (answer["visibility"], answer["spoiler_text"]) == ("unlisted", "Weather")
    assert (answer["language"], names(answer)) == ("de", ["neighbour"])
    assert server.status(post)["media_attachments"] == before["media_attachments"]
    assert server.requests(method="PUT") == []


def test_an_author_who_asks_in_a_reply_is_answered_below_the_post(
    server: SandboxServer, bot: Any, picture: Path
):
    post = by(server, "neighbour", "Look", files=[picture])
    asking = by(server, "neighbour", "@demo please", in_reply_to_id=post)
    bot.once()
    assert SEEN in answers(server, post)[0]["content"]
    assert answers(server, asking) == []


def test_a_post_that_was_there_before_the_first_look_stays_as_it_is(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = by(server, "neighbour", "@demo", files=[picture])
    bot = make_bot(others={"enabled": True})
    bot.once()
    bot.once()
    assert answers(server, post) == []


def test_nobody_is_answered_where_it_is_turned_off(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot()
    bot.once()
    post = by(server, "neighbour", "@demo", files=[picture])
    bot.once()
    assert answers(server, post) == []
    assert server.requests(path="/api/v1/notifications") == []


def test_a_mention_is_answered_while_the_bot_watches(
    server: SandboxServer, bot: Any, picture: Path
):
    bot.start()
    wait_for(server.open_streams, 20, "the stream")
    post = by(server, "neighbour", "@demo", files=[picture])
    wait_for(lambda: answers(server, post), 20, "the answer")


def test_a_post_is_answered_once(server: SandboxServer, bot: Any, picture: Path):
    post = by(server, "neighbour", "@demo", files=[picture])
    bot.once()
    by(server, "neighbour", "@demo again", in_reply_to_id=post)
    bot.once()
    assert len(answers(server, post)) == 1


def test_an_answer_whose_state_is_lost_is_found_on_the_server(
    server: SandboxServer, bot: Any, picture: Path
):
    post = by(server, "neighbour", "@demo", files=[picture])
    bot.once()
    for file in bot.config.state.directory.glob(f"{STATE_FILE}*"):
        file.unlink()
    bot.once()
    by(server, "neighbour", "@demo again", in_reply_to_id=post)
    bot.once()
    assert len(answers(server, post)) == 1


@pytest.mark.parametrize("after", [True, False])
def test_an_answer_that_is_lost_is_not_posted_again(
    server: SandboxServer, bot: Any, picture: Path, after: bool
):
    post = by(server, "neighbour", "@demo", files=[picture])
    server.fail("/api/v1/statuses", method="POST", status=502, after=after, times=1)
    bot.once()
    assert len(answers(server, post)) == 1


def test_attachments_are_told_in_their_order_and_described_ones_left_out(
    server: SandboxServer, bot: Any, picture: Path
):
    post = by(server, "neighbour", "@demo", files=[picture] * 3, descriptions=[None, "Mine", None])
    bot.once()
    (answer,) = answers(server, post)
    assert answer["content"].index("1: ") < answer["content"].index("3: ")
    assert "2: " not in answer["content"]


def test_texts_wait_for_each_other(server: SandboxServer, vision: Any, bot: Any, picture: Path):
    """One answer a post: the second picture's endpoint fails at first."""
    post = by(server, "neighbour", "@demo", files=[picture] * 2)
    vision.fail(status=500, skip=1, times=1000)
    bot.once()
    assert answers(server, post) == []
    vision.reset()
    bot.clock.skip(600.0)
    bot.once()
    (answer,) = answers(server, post)
    assert "1: " in answer["content"] and "2: " in answer["content"]


def test_after_a_while_what_there_is_is_said(
    server: SandboxServer, vision: Any, bot: Any, picture: Path
):
    post = by(server, "neighbour", "@demo", files=[picture] * 2)
    vision.fail(status=500, skip=1, times=1000)
    bot.once()
    bot.clock.skip(2000.0)
    vision.reset()
    vision.fail(status=500, times=1000)
    bot.once()
    (answer,) = answers(server, post)
    assert "1: " in answer["content"] and "2: " not in answer["content"]


def test_a_long_text_is_a_thread_that_mentions_once(server: SandboxServer, bot: Any, clip: Path):
    post = by(server, "neighbour", "@demo", files=[clip])
    bot.transcriber.texts = ["One word after the other. " * 40]
    bot.once()
    (first,) = answers(server, post)
    (second,) = answers(server, first["id"])
    assert (names(first), names(second)) == (["neighbour"], [])
    assert second["visibility"] == "unlisted"


def test_what_is_described_meanwhile_is_not_answered(
    server: SandboxServer, bot: Any, picture: Path
):
    post = by(server, "neighbour", "@demo", files=[picture])
    server.describe(post, ["By hand"], token="neighbour")
    bot.once()
    assert answers(server, post) == []


def test_a_post_that_is_deleted_meanwhile_is_not_answered(
    server: SandboxServer, bot: Any, clip: Path
):
    post = by(server, "neighbour", "@demo", files=[clip])
    bot.transcriber.gate.clear()
    bot.start()
    assert bot.transcriber.reached.wait(20)
    server.delete(post)
    bot.transcriber.gate.set()
    wait_for(lambda: bot.rows()[0][1] == "the post was deleted", 20, "the outcome")
    bot.end()
    assert [one for one in server.statuses() if one["account"]["username"] == "demo"] == []


@pytest.mark.parametrize("seen", ["private", "direct"])
def test_what_not_everybody_sees_is_answered_directly(
    server: SandboxServer, bot: Any, picture: Path, seen: str
):
    post = by(server, "neighbour", "@demo", files=[picture], visibility=seen)
    bot.once()
    (answer,) = answers(server, post)
    assert answer["visibility"] == "direct"


def test_who_asks_by_direct_message_is_answered_by_one(
    server: SandboxServer, bot: Any, picture: Path
):
    post = by(server, "neighbour", "Look", files=[picture])
    by(server, "neighbour", "@demo", in_reply_to_id=post, visibility="direct")
    bot.once()
    (answer,) = answers(server, post)
    assert answer["visibility"] == "direct"


def test_nobody_is_mentioned_but_who_asked(server: SandboxServer, bot: Any, clip: Path):
    post = by(server, "neighbour", "@demo and @passerby", files=[clip])
    bot.transcriber.texts = ["Ask @robot about #rain"]
    bot.once()
    (answer,) = answers(server, post)
    assert (names(answer), answer["tags"]) == (["neighbour"], [])


def test_a_suggestion_goes_to_the_author_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(others={"enabled": True, "how": "suggestion"})
    bot.once()
    post = by(server, "neighbour", "@demo", files=[picture])
    bot.once()
    (answer,) = answers(server, post)
    assert (answer["visibility"], names(answer)) == ("direct", ["neighbour"])
    assert "to paste into it" in answer["content"] and SEEN in answer["content"]
    bot.once()
    assert len(answers(server, post)) == 1
