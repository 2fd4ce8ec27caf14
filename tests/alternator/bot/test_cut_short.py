"""What is made of an errand that was begun and not ended; a killed process: tests/faults."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fast_clock import FastClock
from pauses import Pauses

from alternator.bot.errand_work import LOOK_AGAIN_SECONDS, ErrandWork
from alternator.bot.other_bot import OtherBot
from alternator.bot.undo_command import signed_in
from alternator.errors import TemporaryStateError
from alternator.stopping import Stop
from alternator.store.edit_history import Writing
from alternator.store.errands import Errand, KeptErrand, Kind
from alternator.store.opening import opened_beside
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]
KINDS: tuple[Kind, ...] = ("rewrite", "undo", "again")


class Scene:
    """A post that a bot has described, and what does errands about it."""

    def __init__(self, bot: Any, server: SandboxServer, post: Any, store: Any) -> None:
        self.bot, self.server = bot, server
        self.post, self.key = post["id"], post["media_attachments"][0]["id"]
        self.clock = FastClock(speed=1.0)
        undo = signed_in(bot.config, store, Stop(self.clock))
        self.state = undo.state
        self.work = ErrandWork(undo, OtherBot(Pauses(), self.clock.monotonic))

    @property
    def description(self) -> str:
        return self.server.descriptions(self.post)[0] or ""

    @property
    def edits(self) -> int:
        return len(self.server.requests("PUT"))

    def ask(self, kind: Kind, *, begun: bool = True) -> None:
        text = "A cat of mine" if kind == "rewrite" else ""
        errand = Errand(kind=kind, status_id=self.post, attachment_id=self.key, text=text)
        assert self.state.errands.ask(errand)
        if begun:
            kept = self.state.errands.next()
            assert kept is not None
            self.state.errands.begin(kept.number)

    @property
    def ended(self) -> KeptErrand | None:
        return self.state.errands.ended(self.post).get(self.key)

    @property
    def why(self) -> str:
        assert self.ended is not None
        return self.ended.why


@pytest.fixture
def scene(make_bot: MakeBot, server: SandboxServer, picture: Path) -> Iterator[Scene]:
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    with opened_beside(bot.config.state.directory, clock=bot.clock.now) as store:
        yield Scene(bot, server, post, store)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_carried_out_when_its_end_could_not_be_written_down_is_not_done_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, kind: Kind
):
    def full(number: int, why: str = "") -> None:
        raise TemporaryStateError("the disk is full")

    scene.ask(kind, begun=False)
    monkeypatch.setattr(scene.state.errands, "end", full)
    for _ in range(2):
        with pytest.raises(TemporaryStateError):
            scene.work.do_next()
    monkeypatch.undo()
    assert scene.work.do_next() and not scene.work.do_next()
    assert scene.why == "" and scene.edits == 2
    assert scene.description == ("A cat of mine" if kind == "rewrite" else "")
    ((state, _, _),) = scene.bot.rows()
    assert state == {"rewrite": "described", "undo": "left", "again": "waiting"}[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_carried_out_is_done(scene: Scene, kind: Kind):
    scene.ask(kind)
    assert scene.work.do_next()
    assert scene.why == "" and scene.edits == 2


def test_a_server_that_does_not_answer_is_asked_again_later(scene: Scene):
    scene.ask("undo")
    scene.server.fail(f"/api/v1/statuses/{scene.post}", method="GET", status=503, times=None)
    assert not scene.work.do_next() and scene.ended is None
    scene.server.sandbox.faults.clear()
    assert not scene.work.do_next()
    scene.clock.skip(LOOK_AGAIN_SECONDS)
    assert scene.work.do_next() and scene.why == "" and scene.description == ""


def test_a_post_that_is_gone_is_told(scene: Scene):
    scene.server.delete(scene.post)
    scene.ask("undo")
    assert scene.work.do_next() and "does not have post" in scene.why


def test_the_same_words_of_somebody_else_are_not_taken_for_ours(scene: Scene):
    scene.ask("rewrite")
    scene.server.describe(scene.post, ["A cat of mine"])
    assert scene.work.do_next() and "another description" in scene.why
    assert scene.state.history.entries()[0].writing.text != "A cat of mine"


def test_what_is_described_anew_already_is_not_taken_back_again(scene: Scene):
    scene.ask("again")
    scene.state.history.sending(
        scene.post,
        [Writing(attachment_id=scene.key, kind="image", before=None, text=scene.description)],
    )
    assert scene.work.do_next() and scene.why == ""
    assert scene.description and scene.edits == 1


def test_what_is_asked_for_is_refused_at_once_where_nothing_is_edited(scene: Scene):
    """Also where the bot is at work on the post, which then stays so."""
    scene.ask("undo", begun=False)
    scene.state.halt("post 7 lost its text")
    asked = len(scene.server.requests())
    assert scene.state.history.begin_undo(scene.post, ["1"], alone=False)
    assert scene.work.do_next() and "post 7 lost its text" in scene.why
    assert len(scene.server.requests()) == asked


def test_what_was_carried_out_is_said_so_where_nothing_is_edited(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    scene.ask("undo")
    assert scene.work.do_next()
    scene.ask("undo")
    scene.state.halt("post 7 lost its text")
    assert scene.work.do_next() and scene.why == ""
