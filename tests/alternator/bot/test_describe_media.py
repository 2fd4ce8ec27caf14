"""Descriptions by the medium, on servers where that touches nothing else of the post."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.bot.describe_media import NOT_KEPT
from alternator.errors import UnsupportedServerError
from probe.exit_codes import ExitCode
from sandbox.dialects import DIALECTS
from sandbox.server import SandboxServer
from sandbox.settings import Settings

MakeBot = Callable[..., Any]
NAMES = [name for name, dialect in DIALECTS.items() if dialect.posted_media == "described"]
# The newest GoToSocial's edit is told to other servers, and so preferred.
BY_MEDIUM = [name for name in NAMES if name != "gotosocial"]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    """A server of the dialect that the test is for; Takahē's, whose edit makes posts public."""
    name = getattr(request, "param", "takahe")
    with SandboxServer(settings=Settings.of(name)) as running:
        yield running


def puts(server: SandboxServer) -> list[str]:
    return [entry["path"] for entry in server.requests("PUT")]


@pytest.mark.parametrize("server", BY_MEDIUM, indirect=True)
def test_each_attachment_is_described_and_the_post_left_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post(
        "Look", files=[picture, picture], spoiler_text="Rain", visibility="private", language="de"
    )
    bot = make_bot()
    bot.once()
    assert bot.rows() == [("described", "", 1)] * 2
    now = server.status(status["id"])
    assert all("320 by 200" in str(text) for text in server.descriptions(status["id"]))
    now["media_attachments"] = status["media_attachments"]
    assert now == status
    ids = [attachment["id"] for attachment in status["media_attachments"]]
    assert puts(server) == [f"/api/v1/media/{media_id}" for media_id in ids]


def test_what_was_described_meanwhile_stays(server: SandboxServer, make_bot: MakeBot, clip: Path):
    status = server.post("Listen", files=[clip])
    bot = make_bot()
    bot.transcriber.gate.clear()
    bot.start()
    assert bot.transcriber.reached.wait(20)
    server.describe(status["id"], ["By hand"])
    bot.transcriber.gate.set()
    wait_for(lambda: bot.rows()[0][1])
    bot.end()
    assert bot.rows()[0][1] == "it was described by somebody meanwhile"
    assert server.descriptions(status["id"]) == ["By hand"]
    assert puts(server) == []


def test_a_description_that_the_server_does_not_show_is_not_sent_again(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    answer = status["media_attachments"][0]
    server.fail("/api/v1/media/*", method="PUT", status=200, body=answer, times=None)
    bot = make_bot()
    bot.once()
    assert bot.rows() == [("left", NOT_KEPT, 1)]
    bot.once()
    assert len(puts(server)) == 1


@pytest.mark.parametrize("code", [404, 422])
def test_one_that_is_refused_waits_and_does_not_stop_the_next(
    server: SandboxServer, make_bot: MakeBot, picture: Path, code: int
):
    status = server.post("Look", files=[picture, picture])
    refused = f"/api/v1/media/{status['media_attachments'][0]['id']}"
    server.fail(refused, method="PUT", status=code, times=None)
    bot = make_bot()
    bot.once()
    assert [row[0] for row in bot.rows()] == ["waiting", "described"]


@pytest.mark.parametrize("server", ["pixelfed"], indirect=True)
def test_more_than_the_server_takes_in_a_minute_is_described_later(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot(mastodon={"backfill_count": 20})
    bot.once()  # what is posted from now on is new, and so has more of the limit than older posts
    statuses = [server.post("Look", files=[picture]) for _ in range(12)]
    now, limits = time.time(), server.sandbox.limits
    limits.clock = lambda: now  # no second minute begins,
    limits.settings = replace(limits.settings, windows_from=now)  # nor is this one nearly over
    limits.clear()
    bot.once()
    described = [server.descriptions(status["id"])[0] for status in statuses]
    assert sum(text is not None for text in described) == 10
    assert {row[0] for row in bot.rows()} <= {"described", "waiting"}


def test_one_whose_answer_was_lost_is_described_and_not_sent_twice(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    server.fail("/api/v1/media/*", method="PUT", after=True, status=502)
    bot = make_bot()
    bot.once()
    bot.once()
    assert bot.rows()[0][0] == "described"
    assert len(puts(server)) == 1
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


@pytest.mark.parametrize("server", ["unknown"], indirect=True)
def test_a_server_that_nobody_knows_is_edited_as_long_as_that_works(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    statuses = [server.post("Look", files=[picture]) for _ in range(2)]
    bot = make_bot()
    bot.once()
    assert bot.rows() == [("described", "", 1)] * 2
    assert len(puts(server)) == len(statuses)


@pytest.mark.parametrize("server", ["unknown"], indirect=True)
def test_on_a_server_that_nobody_knows_no_second_edit_is_made_in_vain(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    for _ in range(2):
        server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", damage="lose_descriptions", times=None)
    bot = make_bot()
    bot.once()
    assert len(puts(server)) == 1
    bot.once()
    assert len(puts(server)) == 1


@pytest.mark.parametrize("server", ["unknown"], indirect=True)
def test_on_a_server_that_nobody_knows_what_is_unsure_is_left_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    stored = server.sandbox.store.status(status["id"])
    server.sandbox.store.keep(replace(stored, spoiler_text="Rain"))
    make_bot().once()
    assert puts(server) == []


@pytest.mark.parametrize("server", ["akkoma", "mastodon-4.0"], indirect=True)
def test_where_nothing_can_be_described_the_bot_ends_at_its_start(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    server.post("Look", files=[picture])
    with pytest.raises(UnsupportedServerError, match="there is nothing for this bot to do") as end:
        make_bot().once()
    assert end.value.exit_code == ExitCode.SERVER
    assert puts(server) == []
