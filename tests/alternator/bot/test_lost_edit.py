"""What became of an edit whose answer was lost, while its author may have edited the post too."""

import time
from pathlib import Path
from typing import Any, get_args

import pytest
from pauses import Pauses

from alternator.accounts.account import Account
from alternator.bot.edit_post import PostEditor
from alternator.bot.lost_edit import MOST_KEPT, LostEdits
from alternator.errors import DamageError, GoneError, ServerError, TemporaryServerError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.dialect import named
from sandbox.control.faults import Damage
from sandbox.model import entities
from sandbox.server import SandboxServer

PATH = "/api/v1/statuses/*"
TEXT = "A house"
# Needs a poll, or a post that is not sensitive; or leaves nothing to know our edit by.
ELSEWHERE = {"turn_sensitive", "drop_poll", "publish_poll", "prolong_poll", "lose_descriptions"}
DAMAGES = sorted(set(get_args(Damage)) - ELSEWHERE)
# What the history of a post shows of it.
IN_HISTORY = {"lose_text", "change_text", "drop_warning", "turn_not_sensitive", "drop_attachment"}
IN_HISTORY |= {"reorder_attachments"}
# A reply's parent may be deleted, which looks the same.
UNTOLD = {"drop_reply"}


@pytest.fixture
def client(account: Account) -> MastodonClient:
    return account.session(Pauses())


@pytest.fixture
def lost(client: MastodonClient) -> LostEdits:
    return LostEdits(client=client)


@pytest.fixture
def post(server: SandboxServer, picture: Path) -> entities.Status:
    parent = server.post("What do you see?", token="neighbour")
    status = server.post(
        "Look at this",
        files=[picture, picture],
        descriptions=[None, "Somebody's own words"],
        spoiler_text="Weather",
        sensitive=True,
        language="pt",
        visibility="unlisted",
        in_reply_to_id=parent["id"],
    )
    first = ids_of(status)[0]
    return edited(
        server, status, media_attributes=[{"id": first, "focus": "0.5,-0.25"}], language="pt"
    )


def ids_of(post: entities.Status) -> list[str]:
    return [entry["id"] for entry in post["media_attachments"]]


def edited(server: SandboxServer, post: entities.Status, **fields: Any) -> entities.Status:
    """An edit by hand, as a client makes it."""
    time.sleep(0.002)  # times of edits are told by the millisecond
    usual: dict[str, Any] = {"status": "Look at this", "spoiler_text": "Weather", "sensitive": True}
    return server.edit(post["id"], **(usual | {"media_ids": ids_of(post)} | fields))


def lose(
    server: SandboxServer, lost: LostEdits, post: entities.Status, damage: Damage | None = None
) -> None:
    """Edit a post on a line that is cut, so that neither answer nor look comes through."""
    rules = named("Mastodon").edit
    assert rules is not None
    editor = PostEditor(client=lost.client, rules=rules, limit=1500, keep=lost.keep)
    snapshot = editor.snapshot(lost.client.status(post["id"]))
    assert snapshot is not None
    time.sleep(0.002)
    server.fail(PATH, method="PUT", damage=damage, drop=True, after=True)
    server.fail(PATH, method="GET", drop=True, times=2)
    with pytest.raises(TemporaryServerError):
        editor.describe(snapshot, {ids_of(post)[0]: TEXT})


def kept(lost: LostEdits, post: entities.Status) -> bool:
    return bool(lost.texts(post["id"]))


def test_an_edit_that_did_no_harm_is_settled(
    server: SandboxServer,
    lost: LostEdits,
    post: entities.Status,
    caplog: pytest.LogCaptureFixture,
):
    lose(server, lost, post)
    assert server.descriptions(post["id"])[0] == TEXT
    assert lost.texts(post["id"]) == {ids_of(post)[0]: TEXT}
    lost.settle(post["id"])
    assert not kept(lost, post)
    assert caplog.messages == []


def test_an_edit_that_was_not_carried_out_is_settled_by_one_look(
    server: SandboxServer, lost: LostEdits, post: entities.Status
):
    rules = named("Mastodon").edit
    assert rules is not None
    editor = PostEditor(client=lost.client, rules=rules, limit=1500, keep=lost.keep)
    snapshot = editor.snapshot(lost.client.status(post["id"]))
    assert snapshot is not None
    server.fail(PATH, method="PUT", status=500)
    with pytest.raises(ServerError):
        editor.describe(snapshot, {ids_of(post)[0]: TEXT})
    seen = len(server.requests())
    lost.settle(post["id"])
    assert len(server.requests()) == seen + 1
    assert not kept(lost, post)


@pytest.mark.parametrize("damage", sorted(set(DAMAGES) - UNTOLD))
def test_a_damage_is_found_out_later(
    server: SandboxServer, lost: LostEdits, post: entities.Status, damage: Damage
):
    lose(server, lost, post, damage)
    with pytest.raises(DamageError, match="whose answer was lost") as caught:
        lost.settle(post["id"])
    assert caught.value.fields


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_told_from_what_the_author_edits_after_it_where_that_can_be(
    server: SandboxServer,
    lost: LostEdits,
    post: entities.Status,
    damage: Damage,
    caplog: pytest.LogCaptureFixture,
):
    lose(server, lost, post, damage)
    left = server.status(post["id"])
    edited(server, left, status="Look at this, corrected", spoiler_text="Rain")
    if damage in IN_HISTORY or damage == "turn_public":
        with pytest.raises(DamageError):
            lost.settle(post["id"])
    else:
        lost.settle(post["id"])
        assert "please look at the post" in caplog.text
    assert not kept(lost, post)


def test_what_the_author_edits_meanwhile_is_no_damage(
    server: SandboxServer,
    lost: LostEdits,
    post: entities.Status,
    caplog: pytest.LogCaptureFixture,
):
    lose(server, lost, post)
    edited(server, post, status="Look, corrected", spoiler_text="", sensitive=False, language="pt")
    lost.settle(post["id"])
    assert not kept(lost, post)
    assert caplog.messages == []


def test_what_may_have_been_anybody_is_no_damage_and_is_said(
    server: SandboxServer,
    lost: LostEdits,
    post: entities.Status,
    caplog: pytest.LogCaptureFixture,
):
    """A history does not show the language."""
    lose(server, lost, post)
    edited(server, post, status="Look, corrected", language="en")
    lost.settle(post["id"])
    assert not kept(lost, post)
    assert caplog.messages == [
        f"post {post['id']} is not what it was before an edit whose answer was lost: language. "
        f"Whether that edit changed it, or somebody else since, can't be told; please look at the "
        f"post"
    ]


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_a_history_only_what_no_author_can_change_is_a_damage(
    server: SandboxServer, lost: LostEdits, post: entities.Status, damage: Damage
):
    lose(server, lost, post, damage)
    server.fail(f"{PATH}/history", status=404, times=None)
    if damage == "turn_public":
        with pytest.raises(DamageError) as caught:
            lost.settle(post["id"])
        assert caught.value.fields == ("visibility",)
    else:
        lost.settle(post["id"])
    assert not kept(lost, post)


def test_where_nothing_tells_our_edit_nothing_is_called_a_damage(
    server: SandboxServer,
    lost: LostEdits,
    post: entities.Status,
    caplog: pytest.LogCaptureFixture,
):
    lose(server, lost, post, "lose_descriptions")
    lost.settle(post["id"])
    assert "please look at the post" in caplog.text


@pytest.mark.parametrize("path", ["", "/source", "/history"])
def test_while_the_post_can_not_be_read_its_edit_is_kept(
    server: SandboxServer, lost: LostEdits, post: entities.Status, path: str
):
    lose(server, lost, post, "change_text")
    server.fail(f"/api/v1/statuses/{post['id']}{path}", method="GET", status=503, times=2)
    with pytest.raises(TemporaryServerError):
        lost.settle(post["id"])
    assert kept(lost, post)
    with pytest.raises(DamageError):
        lost.settle(post["id"])


def test_of_a_post_that_was_deleted_nothing_is_to_be_settled(
    server: SandboxServer, lost: LostEdits, post: entities.Status
):
    lose(server, lost, post)
    server.delete(post["id"])
    with pytest.raises(GoneError):
        lost.settle(post["id"])


def test_what_is_kept_is_bounded(server: SandboxServer, lost: LostEdits, post: entities.Status):
    lose(server, lost, post)
    (edit,) = lost._kept.values()
    for number in range(2 * MOST_KEPT):
        lost._kept[str(number)] = edit
        lost.keep(edit)
    assert len(lost._kept) <= MOST_KEPT
