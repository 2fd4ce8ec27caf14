"""What stands in a post and in the history after a rewriting, whatever kept it from being made."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pauses import Pauses

from alternator.bot.other_bot import OtherBot
from alternator.bot.rewrite import rewrite
from alternator.bot.undo import Undo
from alternator.bot.undo_command import signed_in
from alternator.errors import (
    DamageError,
    EditRefusedError,
    TemporaryServerError,
    TemporaryStateError,
)
from alternator.stopping import Stop
from alternator.store.edit_history import PastEdit
from alternator.store.opening import opened_beside
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


class Scene:
    """A post that a bot has described, and what rewrites its description."""

    def __init__(self, bot: Any, server: SandboxServer, post: Any, undo: Undo) -> None:
        self.bot, self.server, self.undo = bot, server, undo
        self.post, self.key = post["id"], post["media_attachments"][0]["id"]
        self.before = self.description
        self.pauses = Pauses()
        self.other_bot = OtherBot(self.pauses, bot.clock.monotonic)
        self.other_bot.wrote(self.key, self.before)

    @property
    def description(self) -> str:
        return self.server.descriptions(self.post)[0] or ""

    @property
    def entry(self) -> PastEdit:
        (entry,) = self.undo.state.history.entries()
        return entry

    @property
    def state(self) -> str:
        ((state, _, _),) = self.bot.rows()
        return str(state)

    def rewrite(self, text: str) -> None:
        rewrite(self.undo, self.post, {self.key: text}, self.other_bot)

    def take_back(self) -> None:
        self.undo.carry_out(self.undo.plan(self.post), alone=True)


@pytest.fixture
def scene(make_bot: MakeBot, server: SandboxServer, picture: Path) -> Iterator[Scene]:
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    with opened_beside(bot.config.state.directory, clock=bot.clock.now) as store:
        yield Scene(bot, server, post, signed_in(bot.config, store, Stop(bot.clock)))


def test_the_new_words_are_written_down_with_their_own_attribution(scene: Scene):
    line = scene.entry.writing.attribution
    assert line and line in scene.before
    scene.rewrite(f"A cat.\n\n{line}")
    assert (scene.entry.outcome, scene.entry.writing.attribution) == ("written", line)
    scene.rewrite("A cat of mine")
    assert (scene.entry.writing.text, scene.entry.writing.attribution) == ("A cat of mine", "")
    assert scene.state == "described"
    scene.take_back()
    assert scene.description == ""


def test_its_own_words_are_not_another_bots(scene: Scene, caplog: pytest.LogCaptureFixture):
    scene.rewrite(f"A cat.\n\n{scene.entry.writing.attribution}")
    (now,) = scene.undo.client.status(scene.post).attachments
    scene.other_bot.seen(now)
    scene.other_bot.give_way()
    assert scene.pauses.made == []
    assert "another bot" not in caplog.text


def test_an_end_of_the_bot_before_the_edit_costs_no_words(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
):
    before = scene.entry

    def killed(status_id: str) -> None:
        raise SystemExit

    monkeypatch.setattr(scene.undo.client, "source", killed)
    with pytest.raises(SystemExit):
        scene.rewrite("A cat")
    assert scene.entry == before
    monkeypatch.undo()
    scene.take_back()


@pytest.mark.parametrize(
    ("status", "error"), [(503, TemporaryServerError), (422, EditRefusedError)]
)
def test_an_edit_that_fails_leaves_the_old_words_in_both(
    scene: Scene, status: int, error: type[Exception]
):
    words = scene.entry.writing
    scene.server.fail("/api/v1/statuses/*", method="PUT", status=status, times=1)
    with pytest.raises(error):
        scene.rewrite("A cat")
    assert (scene.description, scene.state) == (scene.before, "described")
    assert (scene.entry.writing, scene.entry.outcome) == (words, "written")
    (now,) = scene.undo.client.status(scene.post).attachments
    scene.other_bot.seen(now)
    scene.other_bot.give_way()
    assert scene.pauses.made == []
    scene.rewrite("A cat")
    assert scene.description == "A cat"


def test_what_can_not_be_written_down_is_not_sent(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    def locked(status_id: str, writings: object) -> None:
        raise TemporaryStateError("the state file is locked")

    monkeypatch.setattr(scene.undo.state.history, "sending", locked)
    with pytest.raises(TemporaryStateError):
        scene.rewrite("A cat")
    # It was not taken back, so nothing says so.
    assert (scene.description, scene.state) == (scene.before, "described")
    monkeypatch.undo()
    scene.rewrite("A cat")
    assert scene.description == "A cat"


def test_a_damage_halts_the_account_and_keeps_the_bot_from_it(scene: Scene):
    scene.server.fail("/api/v1/statuses/*", method="PUT", damage="turn_sensitive", times=1)
    with pytest.raises(DamageError):
        scene.rewrite("A cat")
    assert scene.undo.state.halted()
    assert scene.state == "left"
