"""What a person asks for on the dashboard of a running bot, up to what the post says then."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from waiting import wait_for

from alternator.config.dashboard import DashboardSettings
from sandbox.server import SandboxServer
from sandbox.settings import Settings

MakeBot = Callable[..., Any]


class Desk:
    """A running bot that has described a post, and its dashboard."""

    def __init__(self, bot: Any, server: SandboxServer, status: Any) -> None:
        self.server, self.bot = server, bot
        self.post = status["id"]
        self.attachment = status["media_attachments"][0]["id"]
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        bot.config = replace(bot.config, dashboard=DashboardSettings(port=port))
        bot.start()
        wait_for(lambda: self.description, 60, "the description")
        self.path = f"{self.url}/posts/{self.post}"
        wait_for(lambda: "Write these words" in self.page, 30, "it to be written down")

    @property
    def description(self) -> str | None:
        return self.server.descriptions(self.post)[0]

    @property
    def kept(self) -> tuple[object, ...]:
        """What no edit of ours may change."""
        post = self.server.status(self.post)
        return (
            post["content"],
            post["spoiler_text"],
            post["sensitive"],
            post["visibility"],
            post["language"],
        )

    @property
    def page(self) -> str:
        return requests.get(self.path, timeout=20).text

    @property
    def edits(self) -> int:
        return len(self.server.requests("PUT"))

    def ask(self, kind: str, post: str = "", **fields: str) -> requests.Response:
        return requests.post(
            f"{self.url}/posts/{post or self.post}/{kind}",
            data={"attachment": self.attachment, **fields},
            headers={"Origin": self.url},
            timeout=20,
        )


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    """A server whose posts may have pictures beside clips."""
    with SandboxServer(settings=replace(Settings(), takes_mixed_media=True)) as running:
        yield running


@pytest.fixture
def desk(make_bot: MakeBot, server: SandboxServer, picture: Path) -> Desk:
    status = server.post("Look at <this> & #that", files=[picture], spoiler_text="Weather")
    return Desk(make_bot(), server, status)


def test_other_words_are_written_and_taken_back(desk: Desk):
    before = desk.kept
    answer = desk.ask("rewrite", text="A cat.\r\nIt is <black>.")
    assert "handed to the bot" in answer.text
    wait_for(lambda: desk.description == "A cat.\nIt is <black>.", 30, "the new words")
    assert desk.kept == before
    wait_for(lambda: "It is &lt;black&gt;." in desk.page, 30, "the words on the page")
    assert desk.edits == 2
    desk.ask("undo")
    wait_for(lambda: not desk.description, 30, "the end of it")
    wait_for(lambda: "was taken back" in desk.page, 30, "the word of it")
    assert desk.edits == 3
    # There is nothing of ours any more.
    assert desk.ask("undo").status_code == desk.ask("rewrite", text="x").status_code == 409


def test_words_written_here_are_not_taken_for_another_bots(
    desk: Desk, picture: Path, caplog: pytest.LogCaptureFixture
):
    assert desk.description is not None
    words = f"A cat.\n\n{desk.description.rpartition(chr(10))[2]}"
    desk.ask("rewrite", text=words)
    wait_for(lambda: desk.description == words, 30, "the new words")
    # The event of that edit comes before that of another post.
    other = desk.server.post("And this", files=[picture])
    desk.server.wait_until_described(other["id"])
    assert "another bot" not in caplog.text


def test_its_picture_comes_from_the_dashboard(desk: Desk):
    place = f"/thumbnail/{desk.post}/{desk.attachment}"
    assert f'src="{place}"' in desk.page
    answer = requests.get(f"{desk.url}{place}", timeout=30)
    assert answer.headers["Content-Type"] in ("image/png", "image/jpeg")
    assert "https:" not in answer.headers["Content-Security-Policy"]


def test_a_description_is_made_anew(desk: Desk):
    first = desk.description
    desk.ask("again")
    wait_for(lambda: desk.edits == 3, 60, "both edits")
    wait_for(lambda: desk.description == first, 30, "the description")
    wait_for(lambda: "Write these words" in desk.page, 30, "it to be written down")


def test_a_post_that_its_author_edited_since_is_left_whole(desk: Desk):
    desk.server.describe(desk.post, ["The author's own words"])
    edits = desk.edits
    desk.ask("rewrite", text="Other words")
    wait_for(lambda: "was not done" in desk.page, 30, "the reason")
    assert "another description than the one that was written there" in desk.page
    assert desk.description == "The author's own words" and desk.edits == edits


def test_a_post_that_is_gone_is_said(desk: Desk):
    desk.server.delete(desk.post)
    desk.ask("again")
    wait_for(lambda: "was not done" in desk.page, 30, "the reason")
    assert "does not have post" in desk.page


def test_what_is_asked_of_a_post_at_work_waits_for_its_end(desk: Desk, picture: Path, clip: Path):
    """The thread that does it is the one that ends the work: it must not wait for itself."""
    bot, server, key = desk.bot, desk.server, desk.attachment
    other = server.post("And this", files=[picture])
    server.wait_until_described(other["id"])
    bot.transcriber.gate.clear()
    # The author adds a clip, and leaves the description.
    clip_id = server.upload(clip)
    server.edit(
        desk.post,
        status="Look",
        media_ids=[key, clip_id],
        media_attributes=[{"id": key, "description": desk.description}],
    )
    assert bot.transcriber.reached.wait(20)
    desk.ask("rewrite", text="A cat")
    # Meanwhile the bot goes on, with what is asked of another post and with a new one.
    desk.ask("undo", post=other["id"], attachment=other["media_attachments"][0]["id"])
    wait_for(lambda: server.descriptions(other["id"]) == [None], 20, "the other errand")
    new = server.post("New", files=[picture])
    server.wait_until_described(new["id"])
    assert desk.description != "A cat"
    bot.transcriber.gate.set()
    wait_for(lambda: desk.description == "A cat", 30, "the new words")
    assert server.descriptions(desk.post)[1]
    wait_for(lambda: "was not done" not in desk.page, 30, "no failure")


def test_words_that_are_too_long_or_none_go_nowhere(desk: Desk):
    assert desk.ask("rewrite", text="x" * 1501).status_code == 400
    assert desk.ask("rewrite", text=" \r\n ").status_code == 400
    assert desk.ask("rewrite", attachment="1", text="x").status_code == 409
    assert desk.edits == 1
