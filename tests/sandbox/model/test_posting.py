"""Posting and editing without HTTP: what is refused, kept and announced."""

from dataclasses import replace

import pytest

from sandbox.errors import RefusedError
from sandbox.model.entities import AttachmentType
from sandbox.model.posting import Posting
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR, Attachment
from sandbox.model.status_params import EditParams, MediaAttributes, PollParams, PostParams
from sandbox.model.store import Store
from sandbox.model.streams import Event, Hub
from sandbox.settings import Settings

POLL = PollParams(options=("a", "b"), expires_in=300.0)


class LoggingHub(Hub):
    """Keeps what is announced, and announces it."""

    def __init__(self) -> None:
        super().__init__(heartbeat_seconds=15.0)
        self.names: list[str] = []

    def publish(self, event: Event) -> None:
        self.names.append(event.name)
        super().publish(event)


@pytest.fixture
def hub() -> LoggingHub:
    return LoggingHub()


@pytest.fixture
def posting(tmp_path, hub) -> Posting:
    return Posting(Store(tmp_path), hub, Settings(status_limit=40, attachment_limit=2))


def attach(posting: Posting, kind: AttachmentType = "image", **fields) -> str:
    """The id of an upload of the demo account."""
    ready = Attachment(
        id=posting.store.new_id(),
        account_id=DEMO_ACCOUNT.id,
        type=kind,
        file="x",
        preview=None,
        meta={},
        ready_at=0.0,
    )
    posting.store.keep(replace(ready, **fields))
    return ready.id


def test_what_happens_is_announced(posting, hub):
    status = posting.create(DEMO_ACCOUNT, PostParams(text="one"))
    posting.edit(status, DEMO_ACCOUNT, EditParams(text="two"))
    posting.edit(status, DEMO_ACCOUNT, EditParams(text="two"))  # changes nothing
    boost = posting.boost(status, NEIGHBOUR)
    assert posting.boost(boost, NEIGHBOUR) == boost
    posting.delete(status)
    assert hub.names == ["update", "status.update", "update", "delete", "delete"]


def test_the_same_key_gives_the_same_status(posting, hub):
    first, again, other = (
        posting.create(account, PostParams(text="x"), "key")
        for account in (DEMO_ACCOUNT, DEMO_ACCOUNT, NEIGHBOUR)
    )
    assert first == again
    assert other.id != first.id
    assert hub.names == ["update", "update"]


def test_a_warning_without_words_becomes_the_text(posting):
    status = posting.create(DEMO_ACCOUNT, PostParams(spoiler_text="careful"))
    assert (status.text, status.spoiler_text, status.sensitive) == ("careful", "", False)


def test_links_count_as_23_characters(posting):
    link = "https://example.org/" + "x" * 100
    posting.create(DEMO_ACCOUNT, PostParams(text=f"{link} {'x' * 16}"))
    with pytest.raises(RefusedError, match="limit of 40 exceeded"):
        posting.create(DEMO_ACCOUNT, PostParams(text=f"{link} {'x' * 17}"))


@pytest.mark.parametrize(
    ("params", "status_code"),
    [(PostParams(text=" "), 422), (PostParams(text="x", in_reply_to_id="1"), 404)],
    ids=["empty", "reply-to-nothing"],
)
def test_what_is_refused_is_not_kept(posting, hub, params, status_code):
    with pytest.raises(RefusedError) as refusal:
        posting.create(DEMO_ACCOUNT, params)
    assert refusal.value.status == status_code
    assert (posting.store.statuses, hub.names) == ({}, [])


@pytest.mark.parametrize(
    ("kinds", "fields", "poll", "reason"),
    [
        (["image"] * 3, {}, None, "Cannot attach more than 2 files"),
        (["image"], {}, POLL, "Cannot attach more than 2 files"),
        (["image", "video"], {}, None, "Cannot attach a video"),
        (["audio"], {"failed": True}, None, "not finished processing"),
        (["audio"], {"ready_at": 1e12}, None, "not finished processing"),
        (["image"], {"account_id": NEIGHBOUR.id}, None, "not found or already attached"),
        (["image"], {"status_id": "1"}, None, "not found or already attached"),
    ],
    ids=["many", "poll", "mixed", "failed", "early", "theirs", "taken"],
)
def test_attachments_that_are_refused(posting, kinds, fields, poll, reason):
    media_ids = tuple(attach(posting, kind, **fields) for kind in kinds)
    with pytest.raises(RefusedError, match=reason) as refusal:
        posting.create(DEMO_ACCOUNT, PostParams(text="x", media_ids=media_ids, poll=poll))
    assert refusal.value.status == 422


def test_a_description_over_the_limit_keeps_nothing_of_the_edit(posting):
    media_id = attach(posting)
    status = posting.create(DEMO_ACCOUNT, PostParams(text="x", media_ids=(media_id,)))
    described = MediaAttributes(id=media_id, describes=True, description="x" * 1501)
    with pytest.raises(RefusedError, match="too long"):
        posting.edit(
            status,
            DEMO_ACCOUNT,
            EditParams(text="y", media_ids=(media_id,), media_attributes={media_id: described}),
        )
    assert posting.store.status(status.id) == status


def test_an_edit_keeps_the_history_and_the_id_of_its_poll(posting):
    status = posting.create(DEMO_ACCOUNT, PostParams(text="one", poll=POLL))
    edited = posting.edit(status, DEMO_ACCOUNT, EditParams(text="two", poll=POLL))
    assert [revision.text for revision in edited.revisions] == ["one", "two"]
    assert edited.poll is not None
    assert status.poll is not None
    assert edited.poll.id == status.poll.id
    without = posting.edit(edited, DEMO_ACCOUNT, EditParams(text="two"))
    assert without.poll is None
    assert len(without.revisions) == 3
