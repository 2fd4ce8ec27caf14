"""What an undo puts back, what it refuses, and that it never meets the bot on a post."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.bot.undo import BOT_PATIENCE_SECONDS, Undo
from alternator.bot.undo_command import signed_in
from alternator.errors import DamageError, TemporaryServerError, UndoRefusedError
from alternator.stopping import Stop
from alternator.store.edit_history import UNDONE
from alternator.store.opening import opened_beside
from sandbox.dialects import DIALECTS
from sandbox.model import entities
from sandbox.server import SandboxServer
from sandbox.settings import Settings

MakeBot = Callable[..., Any]
DESCRIBING = [
    name
    for name, dialect in DIALECTS.items()
    if dialect.posted_media == "described" or name in ("mastodon-4.1", "mastodon-4.6", "glitch-soc")
]


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    settings = Settings.of(getattr(request, "param", "mastodon-4.6"))
    with SandboxServer(settings=replace(settings, takes_mixed_media=True)) as running:
        yield running


@contextmanager
def undoing(bot: Any) -> Iterator[Undo]:
    """What undoes a bot's edits, in the bot's time."""
    with opened_beside(bot.config.state.directory, clock=bot.clock.now) as store:
        yield signed_in(bot.config, store, Stop(bot.clock))


def undo(bot: Any, status_id: str, attachment_id: str | None = None, *, alone: bool = True) -> Any:
    with undoing(bot) as made:
        return made.carry_out(made.plan(status_id, attachment_id), alone=alone)


def refusal(bot: Any, status_id: str, attachment_id: str | None = None) -> str:
    with pytest.raises(UndoRefusedError) as caught:
        undo(bot, status_id, attachment_id)
    return str(caught.value)


def puts(server: SandboxServer) -> int:
    return len(server.requests("PUT"))


def without_edit(status: entities.Status) -> dict[str, Any]:
    """A post but for when it was edited."""
    return {**status, "edited_at": None}


def ids(status: entities.Status) -> list[str]:
    return [entry["id"] for entry in status["media_attachments"]]


@pytest.mark.parametrize("server", DESCRIBING, indirect=True)
def test_a_post_is_as_it_was_before(server: SandboxServer, make_bot: MakeBot, picture: Path):
    post = server.post(
        "Look at <this> & #that",
        files=[picture, picture, picture],
        descriptions=[None, "Somebody's own words", ""],
        spoiler_text="Weather",
        sensitive=True,
        language="pt",
        visibility="unlisted",
    )
    bot = make_bot()
    bot.once()
    assert all(server.descriptions(post["id"]))
    assert undo(bot, post["id"]) == (ids(post)[2], ids(post)[0])
    assert without_edit(server.status(post["id"])) == without_edit(post)
    assert [row[:2] for row in bot.rows()] == [("left", UNDONE)] * 2
    # Neither a look nor an event of the edit makes the bot describe it again.
    bot.once()
    assert [row[0] for row in bot.rows()] == ["left", "left"]
    assert without_edit(server.status(post["id"])) == without_edit(post)


def test_one_attachment_of_several_is_undone_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Look", files=[picture, picture])
    bot = make_bot()
    bot.once()
    first, second = ids(post)
    assert undo(bot, post["id"], second) == (second,)
    before, after = server.descriptions(post["id"])
    assert before
    assert after is None
    # The other one can go as well: between the two nobody but this program edited the post.
    assert undo(bot, post["id"]) == (first,)
    assert server.descriptions(post["id"]) == [None, None]
    assert "was taken back already" in refusal(bot, post["id"])


def test_somebody_elses_words_stay(server: SandboxServer, make_bot: MakeBot, picture: Path):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    server.describe(post["id"], ["By hand"])
    count = puts(server)
    assert "has another description than the one that was written there" in refusal(bot, post["id"])
    assert server.descriptions(post["id"]) == ["By hand"]
    assert puts(server) == count
    assert [row[0] for row in bot.rows()] == ["described"]


def test_a_post_that_was_edited_since_is_left(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    text = server.descriptions(post["id"])
    key = ids(post)[0]
    server.edit(
        post["id"],
        status="Look here",
        media_ids=[key],
        media_attributes=[{"id": key, "description": text[0]}],
    )
    now, count = server.status(post["id"]), puts(server)
    assert "was edited since its description was written" in refusal(bot, post["id"])
    assert server.status(post["id"]) == now
    assert puts(server) == count


def test_what_is_gone_is_told(server: SandboxServer, make_bot: MakeBot, picture: Path):
    posts = [server.post("Look", files=[picture]) for _ in range(3)]
    bot = make_bot()
    bot.once()
    gone, bare, foreign = (post["id"] for post in posts)
    server.delete(gone)
    assert refusal(bot, gone) == f"the server does not have post {gone} any more"
    server.describe(bare, [None])
    assert "has no description now" in refusal(bot, bare)
    server.edit(foreign, status="Look", media_ids=[])
    assert "was removed from the post" in refusal(bot, foreign)
    assert "nothing was written into post 12345" in refusal(bot, "12345")
    assert "nothing was written into attachment 9" in refusal(bot, foreign, "9")


def test_an_edit_between_the_look_and_the_undo_is_noticed(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    with undoing(bot) as made:
        plan = made.plan(post["id"])
        server.describe(post["id"], ["By hand"])
        with pytest.raises(UndoRefusedError, match="another description"):
            made.carry_out(plan, alone=True)
    assert server.descriptions(post["id"]) == ["By hand"]
    assert [row[0] for row in bot.rows()] == ["described"]


def test_a_server_that_fails_leaves_the_post_and_can_be_asked_again(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    text = server.descriptions(post["id"])
    server.fail("/api/v1/statuses/*", method="PUT", status=503, times=1)
    with pytest.raises(TemporaryServerError):
        undo(bot, post["id"])
    assert server.descriptions(post["id"]) == text
    # Nobody could tell whether it was carried out, so the bot keeps off it until this is settled.
    assert [row[:2] for row in bot.rows()] == [("left", UNDONE)]
    assert undo(bot, post["id"]) == tuple(ids(post))
    assert server.descriptions(post["id"]) == [None]


def test_a_server_that_keeps_the_description_is_told_of(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    now = server.status(post["id"])
    server.fail("/api/v1/statuses/*", method="PUT", status=200, body=dict(now), times=1)
    assert undo(bot, post["id"]) == ()
    assert [row[0] for row in bot.rows()] == ["described"]
    assert undo(bot, post["id"]) == tuple(ids(post))


def test_a_damage_halts_the_account(server: SandboxServer, make_bot: MakeBot, picture: Path):
    posts = [server.post("Look", files=[picture], spoiler_text="Rain") for _ in range(2)]
    bot = make_bot()
    bot.once()
    server.fail("/api/v1/statuses/*", method="PUT", damage="drop_warning", times=1)
    with pytest.raises(DamageError, match="content warning"):
        undo(bot, posts[0]["id"])
    count = puts(server)
    assert "nothing of this account is edited any more" in refusal(bot, posts[1]["id"])
    assert puts(server) == count


def test_it_waits_for_a_bot_that_is_at_work_on_the_post(
    server: SandboxServer, make_bot: MakeBot, picture: Path, clip: Path
):
    """The bot's edit sends all descriptions again: begun before, it would undo the undo."""
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    described = server.descriptions(post["id"])[0]
    key = ids(post)[0]
    # The author adds a clip, and leaves the description.
    clip_id = server.upload(clip)
    server.edit(
        post["id"],
        status="Look",
        media_ids=[key, clip_id],
        media_attributes=[{"id": key, "description": described}],
    )
    bot.transcriber.gate.clear()
    bot.start()
    assert bot.transcriber.reached.wait(20)
    with undoing(bot) as made:
        history = made.state.history
        assert not history.begin_undo(post["id"], [key], alone=False)
        bot.transcriber.gate.set()
        wait_for(lambda: server.descriptions(post["id"])[1])
        wait_for(lambda: [row[0] for row in bot.rows()] == ["described", "described"])
        # The bot's own edit was the last one, so nobody else's words can be in the post.
        gone = made.carry_out(made.plan(post["id"]), alone=False)
    bot.end()
    assert set(gone) == {key, clip_id}
    assert server.descriptions(post["id"]) == [None, None]


def test_a_bot_that_does_not_let_go_is_told_of(
    server: SandboxServer, make_bot: MakeBot, picture: Path, clip: Path
):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    with undoing(bot) as made:
        plan = made.plan(post["id"])
        # Another undo has the post; it counts as the bot does, running or not.
        assert made.state.history.begin_undo(post["id"], plan.keys, alone=True)
        before = bot.clock.monotonic()
        with pytest.raises(UndoRefusedError, match="the bot is at work on post"):
            made.carry_out(plan, alone=True)
        assert bot.clock.monotonic() - before > BOT_PATIENCE_SECONDS
    assert server.descriptions(post["id"]) != [None]


def test_a_running_bot_leaves_what_is_undone_beside_it(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post = server.post("Look", files=[picture])
    bot = make_bot().start()
    server.wait_until_described(post["id"])
    wait_for(lambda: [row[0] for row in bot.rows()] == ["described"])
    assert undo(bot, post["id"], alone=False) == tuple(ids(post))
    # It goes on with the next one, after it has seen the event of the edit.
    other = server.post("And this", files=[picture])
    server.wait_until_described(other["id"])
    bot.end()
    assert server.descriptions(post["id"]) == [None]
    assert bot.rows()[0][:2] == ("left", UNDONE)


def test_an_edit_whose_answer_was_lost_can_be_undone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    """It is written down before it is sent, so not even an end of the bot loses it."""
    post = server.post("Look", files=[picture])
    bot = make_bot()
    server.fail("/api/v1/statuses/*", method="PUT", after=True, status=502, times=1)
    server.fail("/api/v1/statuses/*", method="GET", skip=3, status=502, times=2)
    bot.once()
    with undoing(bot) as made:
        assert [entry.outcome for entry in made.state.history.entries()] == ["sent"]
    assert server.descriptions(post["id"]) != [None]
    assert undo(bot, post["id"]) == tuple(ids(post))
    assert server.descriptions(post["id"]) == [None]


def test_two_at_once_edit_it_once(server: SandboxServer, make_bot: MakeBot, picture: Path):
    post = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    count = puts(server)
    results: list[object] = []

    def one() -> None:
        try:
            results.append(undo(bot, post["id"]))
        except UndoRefusedError as error:
            results.append(str(error))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 2
    assert tuple(ids(post)) in results
    assert puts(server) == count + 1
    assert server.descriptions(post["id"]) == [None]
