from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


@pytest.fixture
def count(server: SandboxServer) -> Callable[[], int]:
    """How many posts are described."""
    return lambda: sum(all(server.descriptions(s["id"])) for s in server.statuses())


def post_many(server: SandboxServer, picture: Path, number: int) -> list[str]:
    return [server.post(f"Picture {n}", files=[picture])["id"] for n in range(number)]


def test_the_first_look_takes_the_newest_posts(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    ids = post_many(server, picture, 5)
    bot = make_bot(mastodon={"backfill_count": 2})
    bot.once()
    bot.once()
    assert [bool(server.descriptions(key)[0]) for key in ids] == [False] * 3 + [True] * 2


def test_the_first_look_may_take_none_and_later_posts_are_taken(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    ids = post_many(server, picture, 2)
    bot = make_bot(mastodon={"backfill_count": 0})
    bot.once()
    ids += post_many(server, picture, 1)
    bot.once()
    assert [bool(server.descriptions(key)[0]) for key in ids] == [False, False, True]


def test_an_account_without_posts_is_no_error(
    server: SandboxServer, make_bot: MakeBot, picture: Path, count: Callable[[], int]
):
    bot = make_bot()
    bot.once()
    post_many(server, picture, 1)
    bot.once()
    assert count() == 1


def test_more_posts_than_a_page_are_all_found_after_a_pause(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot()
    bot.once()
    media = post_many(server, picture, 2)
    for number in range(80):
        server.post(f"Words {number}")
    media += post_many(server, picture, 1)
    bot.once()
    assert all(server.descriptions(key)[0] for key in media)
    before = len(server.requests(path="/api/v1/accounts/*/statuses"))
    bot.once()
    # Up to date, one page is enough.
    assert len(server.requests(path="/api/v1/accounts/*/statuses")) - before == 1


def test_a_second_pass_repeats_nothing(
    server: SandboxServer, make_bot: MakeBot, picture: Path, clip: Path
):
    post_many(server, picture, 2)
    server.post("Silence", files=[clip])
    bot = make_bot()
    bot.transcriber.texts = [""]
    bot.once()
    edits = len(server.requests(method="PUT"))
    downloads = len(bot.transcriber.heard)
    assert (edits, downloads) == (2, 1)
    make_bot().once()
    assert len(server.requests(method="PUT")) == edits


def test_a_lost_memory_repeats_nothing_that_is_on_the_server(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post_many(server, picture, 2)
    bot = make_bot()
    bot.once()
    for path in bot.config.state.directory.glob("state.sqlite3*"):
        path.unlink()
    bot.once()
    assert len(server.requests(method="PUT")) == 2


def test_media_that_an_edit_added_are_found_without_a_stream(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Soon with a picture")
    bot = make_bot()
    bot.once()
    media_id = server.upload(picture)
    server.edit(status["id"], status="Now with a picture", media_ids=[media_id])
    bot.once()
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_a_description_that_the_author_took_away_is_not_forced_on_them(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    ids = [a["id"] for a in status["media_attachments"]]
    attributes = [{"id": ids[0], "description": ""}]
    server.edit(status["id"], status="Look", media_ids=ids, media_attributes=attributes)
    assert server.descriptions(status["id"]) == [""]
    bot.once()
    assert server.descriptions(status["id"]) == [""]


def test_a_server_without_server_sent_events_is_only_looked_through(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    server.fail("/api/v2/instance", status=200, body={"version": "0.20.0+git-1a2b3c"})
    make_bot(mastodon={"poll_interval_seconds": 1}).start()
    wait_for(lambda: server.requests(path="/api/v1/accounts/*/statuses"))
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"], seconds=15)
    assert server.requests(path="/api/v1/streaming/*") == []
