"""Opt-out and pace, by themselves and with the real bot against the sandbox."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from statuses import status

from alternator.bot.wanted import Wanted
from alternator.config.conduct import OptOutSettings
from alternator.store.ledger import HOUR_SECONDS
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"visibility": "direct"}, "the post's visibility is direct"),
        ({"tags": frozenset({"noai"})}, "the post has the hashtag #noai"),
        ({"content": "<p>Please no  bots here</p>"}, "the post has the word 'no  bots'"),
        ({"spoiler_text": "NO BOTS"}, "the post has the word 'NO BOTS'"),
        ({"profile": "<p>Me <a>#<span>NoBot</span></a></p>"}, "profile has #NoBot"),
        ({"profile": "x<br>Bots<br>#nollm"}, "profile has #nollm"),
    ],
)
def test_a_reason_is_named(fields: dict[str, Any], reason: str):
    wanted = Wanted(opt_out=OptOutSettings(words=("no bots",)))
    assert reason in str(wanted.reason_against(status(**fields)))


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "<p>no bot</p>"},
        {"content": "<p>snow botsy</p>"},
        {"tags": frozenset({"noaim"})},
        {"profile": "<p>#nobots here, and nobot</p>"},
        {"in_reply_to_id": "3"},
    ],
)
def test_what_is_not_quite_it_is_no_reason(fields: dict[str, Any]):
    wanted = Wanted(opt_out=OptOutSettings(words=("no bots",)))
    assert wanted.reason_against(status(**fields)) is None


def test_replies_and_the_profile_are_choices():
    wanted = Wanted(opt_out=OptOutSettings(replies=False, profile=False))
    assert "[opt_out] replies" in str(wanted.reason_against(status(in_reply_to_id="3")))
    assert wanted.reason_against(status(profile="#nobot")) is None


def test_a_post_with_the_hashtag_is_described_once_it_is_taken_out(
    server: SandboxServer, make_bot: MakeBot, picture: Path, vision: Any
):
    post = server.post("Look #NoAI", files=[picture])
    bot = make_bot()
    bot.once()
    assert server.descriptions(post["id"]) == [None]
    assert (bot.rows(), vision.requests()) == ([], [])
    ids = [entry["id"] for entry in post["media_attachments"]]
    server.edit(post["id"], status="Look", media_ids=ids)
    bot.once()
    assert "320 by 200" in str(server.descriptions(post["id"])[0])


def test_a_profile_that_says_so_leaves_all_posts_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.WARNING, logger="alternator")
    server.say_of_self("I paint", [("Bots", "#nobot")])
    posts = [server.post("Look", files=[picture])["id"] for _ in range(2)]
    make_bot().once()
    assert [server.descriptions(post) for post in posts] == [[None], [None]]
    assert sum("[opt_out] profile" in message for message in caplog.messages) == 1
    server.say_of_self("I paint")
    make_bot().once()
    assert all(server.descriptions(post)[0] for post in posts)


@pytest.mark.parametrize("boosts", [True, False])
def test_an_own_post_that_is_boosted_is_described_if_that_is_wanted(
    server: SandboxServer, make_bot: MakeBot, picture: Path, boosts: bool
):
    old, others = (
        server.post("Look", files=[picture], token=token)["id"]
        for token in ("sandbox", "neighbour")
    )
    bot = make_bot(mastodon={"backfill_count": 0}, opt_out={"boosts": boosts})
    bot.once()
    assert server.descriptions(old) == [None]
    bot.clock.skip(10)
    server.boost(old)
    server.boost(others)
    bot.once()
    assert (server.descriptions(old) != [None]) == boosts
    assert server.descriptions(others) == [None]


@pytest.mark.parametrize(
    ("pace", "first"), [({"edits_per_hour": 1}, 1), ({"descriptions_per_hour": 3}, 2)]
)
def test_what_is_over_the_budget_waits_and_is_not_lost(
    server: SandboxServer, make_bot: MakeBot, picture: Path, pace: dict[str, int], first: int
):
    """A post that was begun is described whole: with three texts an hour, two posts of two."""
    posts = [server.post("Look", files=[picture, picture])["id"] for _ in range(3)]
    bot = make_bot(pace=pace)
    bot.once()
    described = [post for post in posts if all(server.descriptions(post))]
    assert described == posts[-first:]
    assert all(server.descriptions(post) == [None, None] for post in posts[:-first])
    bot.once()
    assert len([post for post in posts if all(server.descriptions(post))]) == first
    bot.clock.skip(HOUR_SECONDS)
    bot.once()
    assert len([post for post in posts if all(server.descriptions(post))]) == min(2 * first, 3)


def test_a_bot_that_watches_uses_what_there_is_room_for(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    """The moment that the looking takes is no wait: once such a bot described nothing at all."""
    post = server.post("Look", files=[picture])
    make_bot(pace={"edits_per_hour": 5, "descriptions_per_hour": 5}).start()
    server.wait_until_described(post["id"])
