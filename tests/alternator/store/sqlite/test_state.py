from collections.abc import Iterator
from pathlib import Path

import pytest
from alternator.store.state import Store
from clock import Clock

from alternator.store.outcomes import RETRY_SECONDS, Claim, Found, Outcome


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    store = opened(tmp_path, clock)
    yield store
    store.close()


def opened(folder: Path, clock: Clock) -> Store:
    store = Store(folder / "state.sqlite3", clock=clock)
    store.bind("https://social.example", "7")
    return store


def found(status_id: str, *attachment_ids: str, backfill: bool = False) -> Found:
    return Found(status_id=status_id, attachment_ids=attachment_ids, backfill=backfill)


def claimed(store: Store, **options: bool) -> Claim:
    claim = store.claim(**options)
    assert claim is not None
    return claim


def test_an_attachment_is_worked_on_once(store: Store):
    assert store.record([found("5", "51", "52")]) == 2
    claim = claimed(store)
    assert (claim.status_id, set(claim.attachment_ids)) == ("5", {"51", "52"})
    assert store.claim() is None
    store.finish(claim, [Outcome(attachment_id=key, state="described") for key in ("51", "52")])
    assert store.record([found("5", "51", "52")]) == 0
    assert store.claim() is None
    assert store.counts() == {"described": 2}


def test_new_posts_go_before_backfill_and_the_newest_first(store: Store):
    store.record([found("99", "1", backfill=True), found("100", "2", backfill=True)])
    store.record([found("8", "3"), found("9", "4")])
    order = [claimed(store).status_id for _ in range(4)]
    assert order == ["9", "8", "100", "99"]


def test_backfill_can_be_held_back(store: Store):
    store.record([found("9", "1", backfill=True)])
    assert store.claim(backfill=False) is None
    assert claimed(store, backfill=True).backfill


def test_a_failure_is_tried_again_later_each_time_and_then_given_up(store: Store, clock: Clock):
    store.record([found("5", "51")])
    failed = Outcome(attachment_id="51", state="failed", reason="busy")
    for wait in RETRY_SECONDS:
        (again,) = store.finish(claimed(store), [failed])
        assert again.retry_after == wait
        assert store.next_due() == clock.now + wait
        clock.now += wait - 1
        assert store.claim() is None
        clock.now += 1
    assert store.finish(claimed(store), [failed]) == []
    assert store.counts() == {"failed": 1}
    assert store.next_due() is None


def test_a_failure_may_name_its_own_wait(store: Store, clock: Clock):
    store.record([found("5", "51")])
    outcome = Outcome(attachment_id="51", state="failed", retry_after=7.0)
    store.finish(claimed(store), [outcome])
    assert store.next_due() == clock.now + 7


def test_what_was_given_up_can_be_tried_again(store: Store, clock: Clock):
    store.record([found("5", "51")])
    for wait in (*RETRY_SECONDS, 0):
        store.finish(claimed(store), [Outcome(attachment_id="51", state="failed")])
        clock.now += wait
    assert store.claim() is None
    assert store.retry_failed() == 1
    assert claimed(store).status_id == "5"


def test_a_released_claim_has_not_counted(store: Store, clock: Clock):
    store.record([found("5", "51")])
    for _ in range(20):
        store.release(claimed(store), wait=3.0)
        assert store.claim() is None
        clock.now += 3
    assert len(store.finish(claimed(store), [Outcome(attachment_id="51", state="failed")])) == 1


def test_releasing_leaves_what_is_written_down_alone(store: Store):
    store.record([found("5", "51")])
    claim = claimed(store)
    store.finish(claim, [Outcome(attachment_id="51", state="described")])
    store.release(claim)
    assert store.counts() == {"described": 1}


def test_a_claim_that_a_crash_cut_short_is_tried_again(tmp_path: Path, clock: Clock):
    first = opened(tmp_path, clock)
    first.record([found("5", "51")], cursor="5", floor="0")
    claimed(first)
    first.close()
    second = opened(tmp_path, clock)
    assert claimed(second).status_id == "5"
    assert second.cursors() == ("5", "0")
    second.close()


def test_a_crash_at_every_attempt_is_not_repeated_for_ever(tmp_path: Path, clock: Clock):
    for attempt in range(len(RETRY_SECONDS) + 1):
        store = opened(tmp_path, clock)
        if attempt == 0:
            store.record([found("5", "51")])
        claimed(store)
        store.close()
    store = opened(tmp_path, clock)
    assert store.claim() is None
    assert store.counts() == {"failed": 1}
    store.close()


def test_accounts_do_not_see_each_other(store: Store):
    store.record([found("5", "51")], cursor="5", floor="1")
    store.bind("https://social.example", "8")
    assert store.claim() is None
    assert store.cursors() == (None, None)
    assert store.knows_server("https://social.example")
    assert not store.knows_server("https://other.example")
    store.bind("https://social.example", "7")
    assert store.cursors() == ("5", "1")
