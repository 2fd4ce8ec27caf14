"""What is taken on, refused, and said about that, with the real bot against the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


def test_somebody_else_is_told_once_how_the_author_can_agree(people: Any, bot: Any, picture: Path):
    posts = [people.post("neighbour", "Look", files=[picture]) for _ in range(2)]
    first, second = (people.post("passerby", "@demo", in_reply_to_id=post) for post in posts)
    bot.once()
    assert [people.answers(post) for post in posts] == [[], []]
    (told,) = people.answers(first)
    assert (told["visibility"], people.answers(second)) == ("direct", [])
    assert [mention["username"] for mention in told["mentions"]] == ["passerby"]
    assert "only if its author wants that" in told["content"]


@pytest.mark.parametrize("after", [False, True])
def test_what_is_said_is_said_although_its_answer_is_lost(
    people: Any, server: SandboxServer, bot: Any, picture: Path, after: bool
):
    post = people.post("neighbour", "Look", files=[picture])
    asking = people.post("passerby", "@demo", in_reply_to_id=post)
    server.fail("/api/v1/statuses", method="POST", status=502, after=after, times=1)
    bot.start()
    wait_for(lambda: people.answers(asking), 30, "the answer")
    bot.end()
    bot.once()
    assert len(people.answers(asking)) == 1


def test_who_asked_once_is_described_for_others(people: Any, bot: Any, picture: Path):
    people.post("neighbour", "@demo", files=[picture])
    bot.once()
    post = people.post("neighbour", "Look", files=[picture])
    people.post("passerby", "@demo", in_reply_to_id=post)
    bot.once()
    (answer,) = people.answers(post)
    assert [mention["username"] for mention in answer["mentions"]] == ["passerby"]


def test_anyone_may_ask_where_that_is_configured(people: Any, make_bot: MakeBot, picture: Path):
    bot = make_bot(others={"enabled": True, "who": "anyone", "how": "suggestion"})
    bot.once()
    post = people.post("neighbour", "Look", files=[picture])
    people.post("passerby", "@demo", in_reply_to_id=post)
    bot.once()
    # No direct message to somebody who has never written to the account.
    (answer,) = people.answers(post)
    assert answer["visibility"] == "unlisted"
    assert [mention["username"] for mention in answer["mentions"]] == ["passerby"]


@pytest.mark.parametrize("who", ["authors", "anyone"])
@pytest.mark.parametrize("where", ["post", "profile"])
def test_an_opt_out_wins(
    people: Any, server: SandboxServer, make_bot: MakeBot, picture: Path, who: str, where: str
):
    # Whatever the operator wants for posts of their own.
    bot = make_bot(
        others={"enabled": True, "who": who}, opt_out={"tags": ("other",), "profile": False}
    )
    bot.once()
    if where == "profile":
        server.say_of_self("I paint. #nobot", token="neighbour")
    text = "Look #NoAI" if where == "post" else "Look"
    post = people.post("neighbour", text, files=[picture])
    asking = people.post("neighbour", "@demo", in_reply_to_id=post)
    bot.once()
    assert people.answers(post) == []
    assert "asks bots to leave it alone" in people.answers(asking)[0]["content"]


def test_an_opt_out_that_comes_meanwhile_wins(
    people: Any, server: SandboxServer, bot: Any, clip: Path
):
    post = people.post("neighbour", "@demo", files=[clip])
    bot.transcriber.gate.clear()
    bot.start()
    assert bot.transcriber.reached.wait(20)
    server.say_of_self("#nollm", token="neighbour")
    bot.transcriber.gate.set()
    wait_for(lambda: "leave it alone" in bot.rows()[0][1], 20, "the outcome")
    bot.end()
    assert people.answers(post) == []


def test_an_hours_asks_are_limited_for_each_and_for_all(
    people: Any, make_bot: MakeBot, picture: Path
):
    bot = make_bot(others={"enabled": True, "asks_per_hour": 2, "answers_per_hour": 3})
    bot.once()
    theirs = [people.post("neighbour", f"@demo {n}", files=[picture]) for n in range(4)]
    others = [people.post("passerby", f"@demo {n}", files=[picture]) for n in range(2)]
    bot.once()
    found = [people.answers(post) for post in theirs + others]
    assert [len(answers) for answers in found] == [1, 1, 1, 0, 1, 1]
    assert "ask again later" in found[2][0]["content"]
    assert "ask again later" in found[5][0]["content"]
    bot.clock.skip(3700.0)
    people.post("neighbour", "@demo please", in_reply_to_id=theirs[3])
    bot.once()
    assert len(people.answers(theirs[3])) == 1


def test_what_could_not_be_described_is_said_once_and_can_be_asked_again(
    people: Any, server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(others={"enabled": True}, media={"supported_formats": ("image/jpeg",)})
    bot.once()
    post = people.post("neighbour", "Look", files=[picture])
    asking = people.post("neighbour", "@demo", in_reply_to_id=post)
    for _ in range(2):
        bot.once()
    assert people.answers(post) == []
    (told,) = people.answers(asking)
    assert ("could not describe" in told["content"], told["visibility"]) == (True, "direct")
    able = make_bot(others={"enabled": True})
    people.post("neighbour", "@demo again", in_reply_to_id=post)
    able.once()
    assert len(people.answers(post)) == 1


def test_a_post_without_media_is_not_talked_about(people: Any, bot: Any, picture: Path):
    words = people.post("neighbour", "Words")
    people.post("passerby", "@demo", in_reply_to_id=words)
    described = people.post("neighbour", "Mine", files=[picture], descriptions=["By hand"])
    people.post("passerby", "@demo", in_reply_to_id=described)
    bot.once()
    assert people.said() == []
