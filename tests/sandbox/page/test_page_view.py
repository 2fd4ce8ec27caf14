"""What the page shows, in words."""

from dataclasses import replace

import pytest

from sandbox.model.entities import MediaMeta
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR, Attachment, Status
from sandbox.model.store import Store
from sandbox.page.page_view import attachment_view, moment, page_view


def attachment(**fields) -> Attachment:
    plain = Attachment(
        id="7",
        account_id=DEMO_ACCOUNT.id,
        type="audio",
        file="7.mp3",
        preview=None,
        meta={},
        ready_at=0.0,
    )
    return replace(plain, **fields)


CLIP: MediaMeta = {"original": {"duration": 62.4}}
VIDEO: MediaMeta = {"original": {"duration": 1.0, "width": 640, "height": 360}}


@pytest.mark.parametrize(
    ("kind", "file", "meta", "facts"),
    [
        ("audio", "7.mp3", CLIP, "Audio · 1:02 · mp3"),
        ("video", "7.mp4", VIDEO, "Video · 0:01 · 640 × 360 · mp4"),
        ("gifv", "7.gif", {}, "Animation · gif"),
    ],
)
def test_facts_of_an_attachment(kind, file, meta, facts):
    assert attachment_view(attachment(type=kind, file=file, meta=meta)).facts == facts


@pytest.mark.parametrize(
    ("kind", "file", "expected"),
    [
        ("image", "7.jpg", True),
        ("gifv", "7.gif", True),
        ("gifv", "7.mp4", False),
        ("audio", "7.mp3", False),
    ],
)
def test_what_an_img_element_can_show(kind, file, expected):
    assert attachment_view(attachment(type=kind, file=file)).is_picture is expected


def test_progress_counts_attachments_of_the_demo_account(tmp_path):
    store = Store(tmp_path)
    store.keep(attachment(id="7", description="words"), attachment(id="8"), attachment(id="9"))
    for status_id, account, media_ids in (
        ("1", DEMO_ACCOUNT, ("7", "8")),
        ("2", NEIGHBOUR, ("9",)),
    ):
        store.keep(
            Status(id=status_id, account_id=account.id, created_at=0, text="x", media_ids=media_ids)
        )
    page = page_view(store)
    assert (page.described, page.attachments) == (1, 2)
    assert [post.id for post in page.posts] == ["1"]


def test_a_boost_shows_what_it_boosts(tmp_path):
    store = Store(tmp_path)
    theirs = Status(
        id="1", account_id=NEIGHBOUR.id, created_at=0.0, text="theirs", language="eo", edited_at=9.0
    )
    boost = Status(id="2", account_id=DEMO_ACCOUNT.id, created_at=5.0, text="", reblog_of=theirs.id)
    store.keep(theirs, boost)
    (post,) = page_view(store).posts
    assert (post.id, post.content, post.boosted) == ("2", "<p>theirs</p>", True)
    assert (post.version, post.language_name) == ("9.0", "eo")


def test_moments_are_for_machines_and_people():
    shown = moment(1767225600.25)
    assert shown.iso == "2026-01-01T00:00:00.250Z"
    assert shown.words == "1 Jan 2026, 00:00 UTC"
