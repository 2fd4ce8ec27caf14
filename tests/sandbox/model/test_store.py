"""What the store gives back, keeps and forgets."""

from dataclasses import replace

import pytest

from sandbox.errors import RefusedError
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR, Attachment, Status
from sandbox.model.store import Store


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


def kept(store: Store, **fields) -> Status:
    """A status in the store."""
    plain = Status(id=store.new_id(), account_id=DEMO_ACCOUNT.id, created_at=0.0, text="x")
    status = replace(plain, **fields)
    store.keep(status)
    return status


def test_ids_grow_even_within_a_millisecond(store):
    ids = [int(store.new_id()) for _ in range(200)]
    assert ids == sorted(set(ids))


def test_ids_keep_growing_over_a_restart(store, tmp_path):
    last = kept(store).id
    assert int(Store(tmp_path).new_id()) > int(last)


def test_others_find_no_status_of_mine(store):
    status = kept(store)
    assert store.own_status(status.id, DEMO_ACCOUNT) == status
    for status_id, account in ((status.id, NEIGHBOUR), ("1", DEMO_ACCOUNT)):
        with pytest.raises(RefusedError) as refusal:
            store.own_status(status_id, account)
        assert refusal.value.status == 404


def test_statuses_come_newest_first_and_replies_oldest_first(store):
    first = kept(store)
    second = kept(store, in_reply_to_id=first.id, account_id=NEIGHBOUR.id)
    third = kept(store, in_reply_to_id=first.id)
    assert store.newest_first() == [third, second, first]
    assert store.newest_first(DEMO_ACCOUNT.id) == [third, first]
    assert store.replies_to(first.id) == [second, third]


def test_boosts_of_a_status(store):
    status = kept(store)
    boost = kept(store, reblog_of=status.id)
    assert store.boosts_of(status.id) == [boost]
    assert store.boosts_of(boost.id) == []


def test_a_forgotten_attachment_takes_its_files_along(store):
    attachment = Attachment(
        id="1",
        account_id=DEMO_ACCOUNT.id,
        type="image",
        file="1.png",
        preview="1.small.jpg",
        meta={},
        ready_at=0.0,
    )
    for name in ("1.png", "1.small.jpg", "2.png"):
        (store.media_folder / name).touch()
    store.keep(attachment)
    store.forget(attachment)
    assert [path.name for path in store.media_folder.iterdir()] == ["2.png"]


def test_clear_leaves_nothing_for_the_next_start(store, tmp_path):
    store.idempotency_keys["k"] = kept(store).id
    store.clear()
    again = Store(tmp_path)
    assert (again.statuses, again.attachments, again.idempotency_keys) == ({}, {}, {})
    assert again.last_id == store.last_id
