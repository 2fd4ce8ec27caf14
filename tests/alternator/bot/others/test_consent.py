"""What people want done with their posts, with the real bot against the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
WAITED = 200.0  # seconds: longer than an author has


@pytest.fixture
def bot(make_bot: MakeBot) -> Any:
    """A bot that waits for nobody."""
    made = make_bot(others={"enabled": True, "wait_minutes": 0.0})
    made.once()
    return made


def test_all_posts_are_described_of_who_asks_for_it(
    people: Any, server: SandboxServer, bot: Any, picture: Path
):
    before = people.post("neighbour", "Before", files=[picture])
    server.follow("neighbour", server.token)
    bot.once()
    assert not people.follows("demo", "neighbour")  # to follow is no word yet
    asking = people.write("neighbour", "Describe my posts!")
    bot.once()
    assert people.follows("demo", "neighbour")
    assert "your new posts" in people.answers(asking)[0]["content"]
    after = people.post("neighbour", "After", files=[picture])
    bot.once()
    (answer,) = people.answers(after)
    assert (answer["visibility"], people.answers(before)) == ("unlisted", [])
    bot.once()
    assert len(people.answers(after)) == 1


def test_who_does_not_follow_yet_is_followed_back_when_they_do(
    people: Any, server: SandboxServer, bot: Any, picture: Path
):
    asking = people.write("neighbour", "describe my posts")
    bot.once()
    assert "Please follow me" in people.answers(asking)[0]["content"]
    assert not people.follows("demo", "neighbour")
    server.follow("neighbour", server.token)
    bot.once()
    assert people.follows("demo", "neighbour")


def test_stop_ends_it_whoever_asks(people: Any, server: SandboxServer, bot: Any, picture: Path):
    server.follow("neighbour", server.token)
    people.write("neighbour", "describe my posts")
    bot.once()
    stopping = people.write("neighbour", "stop")
    bot.once()
    assert not people.follows("demo", "neighbour")
    assert "none of your posts" in people.answers(stopping)[0]["content"]
    post = people.post("neighbour", "Look", files=[picture])
    asking = people.post("passerby", "@demo please", in_reply_to_id=post)
    bot.once()
    assert people.answers(post) == []
    assert "does not want" in people.answers(asking)[0]["content"]
    # Who asks for one post after all is heard.
    people.post("neighbour", "@demo now", in_reply_to_id=post)
    bot.once()
    assert len(people.answers(post)) == 1


def test_stop_also_ends_what_is_under_way(
    people: Any, server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(others={"enabled": True, "wait_minutes": 60.0})
    bot.once()
    server.follow("neighbour", server.token)
    people.write("neighbour", "describe my posts")
    bot.once()
    post = people.post("neighbour", "Look", files=[picture])
    bot.once()
    people.write("neighbour", "stop")
    bot.once()
    bot.clock.skip(2 * 3600.0)
    bot.once()
    assert people.answers(post) == []


def test_an_author_has_time_to_describe_a_post(
    people: Any, server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(others={"enabled": True, "wait_minutes": 3.0})
    bot.once()
    server.follow("neighbour", server.token)
    people.write("neighbour", "describe my posts")
    bot.once()
    described = people.post("neighbour", "Mine", files=[picture])
    left = people.post("neighbour", "Yours", files=[picture])
    bot.once()
    assert people.answers(left) == []
    server.describe(described, ["By hand"], token="neighbour")
    bot.clock.skip(WAITED)
    bot.once()
    assert (len(people.answers(left)), people.answers(described)) == (1, [])


def test_who_asks_about_a_post_that_waits_is_answered_in_its_place(
    people: Any, server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(others={"enabled": True, "wait_minutes": 60.0})
    bot.once()
    server.follow("neighbour", server.token)
    people.write("neighbour", "describe my posts")
    bot.once()
    post = people.post("neighbour", "Look", files=[picture])
    bot.once()
    people.post("neighbour", "@demo now please", in_reply_to_id=post)
    bot.clock.skip(3600.0)
    bot.once()
    assert len(people.answers(post)) == 1


def test_who_follows_no_longer_is_described_no_longer(
    people: Any, server: SandboxServer, bot: Any, picture: Path
):
    server.follow("neighbour", server.token)
    people.write("neighbour", "describe my posts")
    bot.once()
    server.follow("neighbour", server.token, follows=False)
    post = people.post("neighbour", "Look", files=[picture])
    bot.once()
    assert people.answers(post) == []
    assert not people.follows("demo", "neighbour")


def test_an_author_chooses_suggestions(people: Any, server: SandboxServer, bot: Any, picture: Path):
    server.follow("neighbour", server.token)
    asking = people.write("neighbour", "describe my posts, suggest")
    bot.once()
    assert "by direct message" in people.answers(asking)[0]["content"]
    post = people.post("neighbour", "Look", files=[picture])
    bot.once()
    assert people.answers(post)[0]["visibility"] == "direct"
    people.write("neighbour", "reply")
    bot.once()
    other = people.post("neighbour", "Look again", files=[picture])
    bot.once()
    assert people.answers(other)[0]["visibility"] == "unlisted"


def test_who_is_not_understood_is_told_once_what_there_is(people: Any, bot: Any):
    first = people.write("passerby", "please don't describe my posts")
    people.write("passerby", "Hello?")
    bot.once()
    bot.once()
    assert len(people.said()) == 1
    assert "Mention me" in people.answers(first)[0]["content"]


def test_where_nobody_may_ask_for_all_posts_they_are_told(
    people: Any, server: SandboxServer, make_bot: MakeBot
):
    bot = make_bot(others={"enabled": True, "all_posts": False})
    bot.once()
    server.follow("neighbour", server.token)
    asking = people.write("neighbour", "describe my posts")
    bot.once()
    assert "mention me below each" in people.answers(asking)[0]["content"]
    assert not people.follows("demo", "neighbour")
    assert server.requests(path="/api/v1/timelines/home") == []


def test_a_confirmation_whose_answer_is_lost_is_not_sent_again(
    people: Any, server: SandboxServer, bot: Any
):
    asking = people.write("neighbour", "stop")
    server.fail("/api/v1/statuses", method="POST", status=502, after=True, times=1)
    bot.once()
    bot.clock.skip(3600.0)
    bot.once()
    assert len(people.answers(asking)) == 1
