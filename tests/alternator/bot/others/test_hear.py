"""Who is heard, and who is not, with the real bot against the sandbox."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.errors import ForbiddenError
from sandbox.model.records import DEMO_ACCOUNT, TOKENS, Token
from sandbox.model.serialize import Serializer
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


def test_what_came_while_the_bot_was_off_is_heard(people: Any, bot: Any, picture: Path):
    posts = [people.post("neighbour", f"@demo {n}", files=[picture]) for n in range(3)]
    bot.once()
    assert [len(people.answers(post)) for post in posts] == [1, 1, 1]


def test_more_mentions_than_a_page_has_are_heard(
    people: Any, make_bot: MakeBot, server: SandboxServer, picture: Path
):
    bot = make_bot(others={"enabled": True})
    bot.once()
    for number in range(45):
        people.post("passerby", f"@demo hello {number}")
    post = people.post("neighbour", "@demo", files=[picture])
    bot.once()
    assert len(people.answers(post)) == 1
    assert len(people.said()) == 1


def test_a_bot_is_never_answered(people: Any, bot: Any, picture: Path):
    people.post("robot", "@demo", files=[picture])
    people.write("robot", "describe my posts")
    people.write("robot", "Hello")
    bot.once()
    assert people.said() == []


def test_a_post_of_a_bot_is_described_for_nobody(people: Any, bot: Any, picture: Path):
    post = people.post("robot", "Look", files=[picture])
    asking = people.post("passerby", "@demo", in_reply_to_id=post)
    bot.once()
    assert people.answers(post) == []
    assert "other bots" in people.answers(asking)[0]["content"]


def test_a_conversation_below_an_answer_goes_on_without_the_account(
    people: Any, bot: Any, picture: Path
):
    post = people.post("neighbour", "@demo", files=[picture])
    bot.once()
    (answer,) = people.answers(post)
    people.post("neighbour", "@demo thanks", in_reply_to_id=answer["id"])
    # Whose picture answers that one mentions the account without asking for anything.
    other = people.post("passerby", "@neighbour @demo mine", in_reply_to_id=post, files=[picture])
    people.post("passerby", "@demo and mine", in_reply_to_id=answer["id"], files=[picture])
    bot.once()
    assert (len(people.said()), people.answers(other)) == (1, [])


def test_a_wish_among_several_people_is_none_but_stop(people: Any, bot: Any):
    people.post("neighbour", "@demo @passerby reply")
    stopping = people.post("neighbour", "@demo @passerby stop")
    bot.once()
    assert len(people.said()) == 1
    assert len(people.answers(stopping)) == 1


@pytest.mark.parametrize("method", ["/api/v1/statuses/{post}", "/api/v1/notifications"])
def test_a_mention_is_not_lost_to_an_outage(
    people: Any, server: SandboxServer, bot: Any, picture: Path, method: str
):
    post = people.post("neighbour", "Look", files=[picture])
    people.post("neighbour", "@demo", in_reply_to_id=post)
    server.fail(method.format(post=post), status=502, times=12)
    bot.start()
    wait_for(lambda: people.answers(post), 30, "the answer")


def test_one_that_always_fails_does_not_hold_up_the_others(
    people: Any, server: SandboxServer, bot: Any, picture: Path
):
    post = people.post("neighbour", "Look", files=[picture])
    people.post("neighbour", "@demo", in_reply_to_id=post)
    other = people.post("passerby", "@demo", files=[picture])
    server.fail(f"/api/v1/statuses/{post}", status=502, times=1000)
    bot.start()
    wait_for(lambda: people.answers(other), 60, "the other answer")


def test_a_token_that_may_too_little_is_named_with_the_remedy(
    server: SandboxServer, make_bot: MakeBot
):
    scopes = ("read:accounts", "read:statuses", "write:statuses")
    TOKENS["three-scopes"] = Token(account=DEMO_ACCOUNT, scopes=scopes)
    bot = make_bot(others={"enabled": True}, mastodon={"access_token": "three-scopes"})
    with pytest.raises(ForbiddenError) as caught:
        bot.once()
    assert "read:notifications read:follows write:follows" in str(caught.value)


def test_a_server_that_gives_the_same_page_again_is_not_obeyed_again(
    people: Any, server: SandboxServer, bot: Any
):
    for number in range(40):
        people.post("passerby", f"@demo hello {number}")
    server.follow("neighbour", server.token)
    people.write("neighbour", "describe my posts")
    bot.once()
    told = server.sandbox.posting.social.notifications(DEMO_ACCOUNT, filtered=True)
    serializer = Serializer(server.sandbox.store, server.url)
    page = [serializer.notification(one) for one in told[:40]]
    server.fail("/api/v1/notifications", status=200, body=page, times=None)
    before = len(server.requests(path="/api/v1/notifications"))
    bot.once()
    # Before the posts are described, and after: each time once.
    assert len(server.requests(path="/api/v1/notifications")) == before + 2
    assert len(server.requests(method="POST", path="/api/v1/accounts/*/follow")) == 1
