"""Records as entities."""

import time
from dataclasses import replace

import pytest

from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR, Attachment, Status
from sandbox.model.serialize import Serializer, iso
from sandbox.model.store import Store


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


CLIP = Attachment(
    id="7",
    account_id=DEMO_ACCOUNT.id,
    type="audio",
    file="7.mp3",
    preview="7.png",
    meta={"length": "0:00:01.00"},
    ready_at=0.0,
)


def test_times_are_utc_with_milliseconds():
    assert iso(1767225600.25) == "2026-01-01T00:00:00.250Z"


def test_a_file_has_no_address_until_it_is_processed(store):
    made = Serializer(store, "http://s").attachment(replace(CLIP, ready_at=time.time() + 60))
    assert (made["url"], made["preview_url"], made["meta"]) == (None, None, {})


def test_the_focal_point_stands_beside_the_measures(store):
    made = Serializer(store, "http://s").attachment(replace(CLIP, focus=(0.5, -1.0)))
    assert made["meta"] == {"length": "0:00:01.00", "focus": {"x": 0.5, "y": -1.0}}
    assert made["url"] == "http://s/media/7.mp3"


def test_what_concerns_a_viewer_is_there_for_viewers_alone(store):
    status = Status(id="1", account_id=DEMO_ACCOUNT.id, created_at=0.0, text="x")
    boost = Status(id="2", account_id=NEIGHBOUR.id, created_at=0.0, text="", reblog_of=status.id)
    store.keep(status, boost)
    serializer = Serializer(store, "http://s")
    assert "reblogged" not in serializer.status(status)
    assert serializer.status(status, DEMO_ACCOUNT)["reblogged"] is False
    assert serializer.status(status, NEIGHBOUR)["reblogged"] is True
    assert serializer.status(status)["reblogs_count"] == 1
