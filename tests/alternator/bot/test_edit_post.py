"""One edit against a server that answers it wrongly, loses it, or damages the post."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from pauses import Pauses

from alternator.accounts.account import Account
from alternator.bot.edit_post import PostEditor, version
from alternator.config.settings import MastodonSettings
from alternator.errors import (
    DamageError,
    EditRefusedError,
    GoneError,
    ServerError,
    TemporaryServerError,
    UnsureError,
)
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.dialect import named
from alternator.mastodon.edit import Snapshot
from sandbox.control.faults import Damage
from sandbox.model import entities
from sandbox.server import SandboxServer
from sandbox.settings import Settings

PATH = "/api/v1/statuses/*"
TEXT = "A house"


@pytest.fixture
def client(account: Account) -> MastodonClient:
    return account.session(Pauses())


@pytest.fixture
def editor(client: MastodonClient) -> PostEditor:
    rules = named("Mastodon").edit
    assert rules is not None
    return PostEditor(client=client, rules=rules, limit=1500)


@pytest.fixture
def post(server: SandboxServer, picture: Path) -> entities.Status:
    """A post that every damage can be done to."""
    parent = server.post("What do you see?", token="neighbour")
    status = server.post(
        "Look at <this> & #that",
        files=[picture, picture],
        descriptions=[None, "Somebody's own words"],
        spoiler_text="Weather",
        sensitive=True,
        language="pt",
        visibility="unlisted",
        in_reply_to_id=parent["id"],
    )
    ids = [entry["id"] for entry in status["media_attachments"]]
    return server.edit(
        status["id"],
        status="Look at <this> & #that",
        spoiler_text="Weather",
        sensitive=True,
        language="pt",
        media_ids=ids,
        media_attributes=[{"id": ids[0], "focus": "0.5,-0.25"}],
    )


def snapshot_of(editor: PostEditor, post: entities.Status) -> Snapshot:
    found = editor.snapshot(editor.client.status(post["id"]))
    assert found is not None
    return found


def texts_of(post: entities.Status) -> dict[str, str]:
    return {post["media_attachments"][0]["id"]: TEXT}


def test_a_post_is_described_and_nothing_else_is_changed(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    after = editor.describe(snapshot_of(editor, post), texts_of(post))
    assert after.attachments[0].description == TEXT
    expected: Any = server.status(post["id"])
    expected["media_attachments"][0]["description"] = None
    expected["edited_at"] = post["edited_at"]
    assert expected == post


# What each damage is called; a post has no poll beside its pictures here.
NAMES = {
    "lose_text": "text",
    "change_text": "text",
    "turn_public": "visibility",
    "drop_attachment": "attachments",
    "reorder_attachments": "attachments",
    "drop_warning": "content warning",
    "turn_not_sensitive": "sensitivity",
    "lose_language": "language",
    "drop_reply": "post that it answers",
    "lose_focus": "focus of attachment",
    "lose_descriptions": "description of attachment",
}
ELSEWHERE = {"turn_sensitive", "drop_poll", "publish_poll", "prolong_poll"}


def test_every_damage_that_the_sandbox_does_is_tried():
    assert set(get_args(Damage)) - ELSEWHERE == set(NAMES)


@pytest.mark.parametrize("damage", NAMES)
@pytest.mark.parametrize("lost", [False, True], ids=["answered", "answer lost"])
def test_a_damage_is_found_out(
    server: SandboxServer, editor: PostEditor, post: entities.Status, damage: Damage, lost: bool
):
    snapshot = snapshot_of(editor, post)
    server.fail(PATH, method="PUT", damage=damage, times=None)
    if lost:
        editor = on_a_bad_line(editor, Lossy)
    if damage == "lose_descriptions" and lost:
        # The description is not there either: for all that can be seen, nothing was carried out.
        with pytest.raises(TemporaryServerError):
            editor.describe(snapshot, texts_of(post))
        return
    with pytest.raises(DamageError) as caught:
        editor.describe(snapshot, texts_of(post))
    assert any(field.startswith(NAMES[damage]) for field in caught.value.fields)
    assert f"the edit of post {post['id']} changed more than descriptions" in str(caught.value)
    assert len(server.requests(method="PUT")) == 1


class Lossy:
    """A client on a line that loses what an edit is answered with."""

    def __init__(self, client: MastodonClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def edit(self, edit: Any) -> Any:
        self.client.edit(edit)
        raise TemporaryServerError("the line is cut")


def on_a_bad_line(editor: PostEditor, line: type[Lossy]) -> PostEditor:
    client: Any = line(editor.client)
    return replace(editor, client=client)


def test_an_answer_to_a_post_that_is_deleted_meanwhile_is_no_damage(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    """Mastodon then names no such post any more.

    https://github.com/mastodon/mastodon/blob/main/app/models/status.rb (replies, nullify)
    """
    snapshot = snapshot_of(editor, post)
    assert snapshot.status.in_reply_to_id is not None
    server.fail(PATH, method="PUT", damage="drop_reply")
    body = {"error": "Record not found"}
    server.fail(f"/api/v1/statuses/{snapshot.status.in_reply_to_id}", status=404, body=body)
    assert editor.describe(snapshot, texts_of(post)).attachments[0].description == TEXT


def test_a_post_that_turns_sensitive_is_found_out(
    server: SandboxServer, editor: PostEditor, picture: Path
):
    post = server.post("Look", files=[picture])
    server.fail(PATH, method="PUT", damage="turn_sensitive")
    with pytest.raises(DamageError) as caught:
        editor.describe(snapshot_of(editor, post), texts_of(post))
    assert caught.value.fields == ("sensitivity",)


def test_a_source_that_is_lost_is_found_out(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    """The page shows the text as before, and the next edit would wipe it."""
    snapshot = snapshot_of(editor, post)
    body = {"id": post["id"], "text": "", "spoiler_text": "Weather"}
    server.fail(f"{PATH}/source", status=200, body=body, times=None)
    with pytest.raises(DamageError) as caught:
        editor.describe(snapshot, texts_of(post))
    assert caught.value.fields == ("source's text",)


def test_what_the_author_edits_right_after_is_no_damage(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    snapshot = snapshot_of(editor, post)

    class Quick(Lossy):
        def edit(self, edit: Any) -> Any:
            after = self.client.edit(edit)
            ids = [entry["id"] for entry in post["media_attachments"]]
            time.sleep(0.002)  # times of edits are told by the millisecond
            server.edit(post["id"], status="Look, corrected", media_ids=ids)
            return after

    quick = on_a_bad_line(editor, Quick)
    assert quick.describe(snapshot, texts_of(post)).attachments[0].description == TEXT


BROKEN: list[dict[str, Any]] = [
    {"drop": True},
    {"status": 200, "body": {}},
    {"status": 200, "body": []},
    {"status": 200, "body": {"error": "busy"}},
    {"status": 200, "body": "<html>"},
    {"spoil": "truncated"},
    {"spoil": "empty"},
    {"status": 302, "headers": {"Location": "/login"}},
    {"status": 401},
    {"status": 403},
    {"status": 404},
    {"status": 404, "body": "404 page not found"},
    {"status": 410},
    {"status": 422},
    {"status": 500},
    {"status": 504, "body": "<html>"},
]


@pytest.mark.parametrize("fault", BROKEN, ids=str)
def test_an_edit_that_was_carried_out_is_done_whatever_the_answer(
    server: SandboxServer, editor: PostEditor, post: entities.Status, fault: dict[str, Any]
):
    snapshot = snapshot_of(editor, post)
    # Half of an answer is half of the endpoint's own.
    carried_out = fault if fault.get("spoil") == "truncated" else fault | {"after": True}
    server.fail(PATH, method="PUT", **carried_out)
    found = editor.describe(snapshot, texts_of(post))
    assert found.attachments[0].description == TEXT
    assert server.descriptions(post["id"])[0] == TEXT
    assert len(server.requests(method="PUT")) == 1


@pytest.mark.parametrize("fault", [fault for fault in BROKEN if "spoil" not in fault], ids=str)
def test_an_edit_that_was_not_carried_out_has_failed(
    server: SandboxServer, editor: PostEditor, post: entities.Status, fault: dict[str, Any]
):
    snapshot = snapshot_of(editor, post)
    server.fail(PATH, method="PUT", **fault)
    with pytest.raises(ServerError) as caught:
        editor.describe(snapshot, texts_of(post))
    # Nothing is said about the post: it is there.
    assert not isinstance(caught.value, GoneError)
    if fault.get("status") in (404, 410, 422) and "body" not in fault:
        assert isinstance(caught.value, EditRefusedError)
    assert server.status(post["id"]) == post
    assert len(server.requests(method="PUT")) == 1


def test_a_server_that_asks_to_wait_is_not_asked_about_the_post(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    snapshot = snapshot_of(editor, post)
    looks = len(server.requests(method="GET"))
    server.fail(PATH, method="PUT", status=429, headers={"Retry-After": "30"})
    with pytest.raises(TemporaryServerError) as caught:
        editor.describe(snapshot, texts_of(post))
    assert caught.value.retry_after == pytest.approx(31)
    assert len(server.requests(method="GET")) == looks


def test_a_post_that_is_deleted_in_the_midst_of_it_is_gone(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    snapshot = snapshot_of(editor, post)
    server.delete(post["id"])
    with pytest.raises(GoneError):
        editor.describe(snapshot, texts_of(post))


def test_a_post_is_read_as_often_as_it_needs_and_no_more(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    """Once for its texts; before the edit its source and it again; afterwards its source."""
    before = editor.client.status(post["id"])
    seen = len(server.requests())
    snapshot = editor.snapshot(before)
    assert snapshot is not None
    editor.describe(snapshot, texts_of(post))
    made = [(entry["method"], entry["path"][-6:]) for entry in server.requests()[seen:]]
    assert [method for method, _ in made] == ["GET", "GET", "PUT", "GET"]
    assert [path == "source" for _, path in made] == [True, False, False, True]


def test_a_post_that_keeps_changing_is_left_for_later(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    ids = [entry["id"] for entry in post["media_attachments"]]
    own_status = server.sandbox.store.own_status
    times = iter(range(100))

    def edited(status_id: str, account: Any) -> Any:
        """The server's look-up for the source: right after it, the author edits the post."""
        server.sandbox.store.own_status = own_status  # type: ignore[method-assign]  # see below
        server.edit(post["id"], status=f"Look {next(times)}", media_ids=ids)
        server.sandbox.store.own_status = edited  # type: ignore[method-assign]  # eavesdropper
        return own_status(status_id, account)

    before = editor.client.status(post["id"])
    server.sandbox.store.own_status = edited  # type: ignore[method-assign]  # eavesdropper
    assert editor.snapshot(before) is None


@pytest.mark.parametrize(
    ("text", "reason"), [("", "the text in the post's source"), ("Another", "the text")]
)
def test_a_source_that_is_not_of_the_post_is_not_used(
    server: SandboxServer, editor: PostEditor, post: entities.Status, text: str, reason: str
):
    body = {"id": post["id"], "text": text, "spoiler_text": "Weather"}
    server.fail(f"{PATH}/source", status=200, body=body)
    with pytest.raises(UnsureError, match=reason):
        snapshot_of(editor, post)


def test_what_others_do_to_a_post_makes_no_version_of_it(
    server: SandboxServer, editor: PostEditor, post: entities.Status
):
    before = editor.client.status(post["id"])
    server.boost(post["id"], token="neighbour")
    assert version(editor.client.status(post["id"])) == version(before)
    server.describe(post["id"], ["Words", "Somebody's own words"])
    assert version(editor.client.status(post["id"])) != version(before)


def test_sixteen_attachments_with_the_words_of_others_among_them(picture: Path):
    """Another client wrote one description that is longer than the server takes."""
    with SandboxServer(settings=Settings(attachment_limit=16)) as many:
        settings = MastodonSettings(instance_url=many.url, access_token=many.token)
        rules = named("Mastodon").edit
        assert rules is not None
        editor = PostEditor(client=MastodonClient(settings), rules=rules, limit=1500)
        post = many.post("Look", files=[picture] * 16, descriptions=["Mine", None, "Theirs"])
        ids = [entry["id"] for entry in post["media_attachments"]]
        long = replace(many.sandbox.store.attachments[ids[2]], description="x" * 5000)
        many.sandbox.store.keep(long)
        texts = {key: f"Picture {key}" for key in (ids[1], *ids[3:])}
        editor.describe(snapshot_of(editor, post), texts)
        found = dict(zip(ids, many.descriptions(post["id"]), strict=True))
        assert found == texts | {ids[0]: "Mine", ids[2]: "x" * 5000}
        assert len(many.requests(method="PUT")) == 1
