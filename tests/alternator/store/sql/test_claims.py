"""What clocks that jump do to claims, and claims of one post; the rest: ../test_interface.py."""

from collections.abc import Iterator

import pytest
from clock import Clock
from homes import Home

from alternator.store.elapsed import APART_SECONDS
from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import (
    CONFIRM_SECONDS,
    FREE_INTERRUPTIONS,
    GIVE_UP_SECONDS,
    LONGEST_WAIT_SECONDS,
    RETRY_SECONDS,
    Claim,
    Found,
    Outcome,
    left_alone,
    to_retry,
)
from alternator.store.sql.claims import EARLY_SECONDS

DAYS = 86_400.0


@pytest.fixture
def state(store: Store) -> AccountState:
    state = store.use_account("https://social.example", "7")
    state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
    return state


def claimed(state: AccountState) -> Claim:
    claim = state.claim()
    assert claim is not None
    return claim


def test_what_waits_by_a_clock_that_was_ahead_is_due(state: AccountState, clock: Clock):
    clock.now += 10 * DAYS
    state.finish(claimed(state), [to_retry("51", "busy")])
    clock.now -= 10 * DAYS
    assert state.next_due() == clock.now
    assert claimed(state).attachment_ids == ("51",)


def test_what_waits_by_a_clock_that_is_set_back_waits_no_longer_than_the_longest(
    state: AccountState, clock: Clock
):
    for wait in RETRY_SECONDS:
        state.finish(claimed(state), [to_retry("51", "busy")])
        before = clock.now
        clock.now -= LONGEST_WAIT_SECONDS - wait
        assert state.claim() is None
        clock.now -= APART_SECONDS + 1
        state.release(claimed(state))
        clock.now = before
    assert state.counts() == {"waiting": 1}


def test_an_hour_back_makes_nothing_due_at_once(state: AccountState, clock: Clock):
    state.finish(claimed(state), [to_retry("51", "busy")])
    clock.now -= 3600
    assert state.claim() is None
    clock.now += 3600 + RETRY_SECONDS[0]
    claimed(state)


def test_no_post_was_met_later_than_now(state: AccountState, clock: Clock):
    clock.now -= 10 * DAYS
    assert state.found_at(claimed(state)) == clock.now


def test_what_was_said_by_a_clock_that_was_ahead_is_asked_for_again(
    state: AccountState, clock: Clock
):
    unsure = left_alone("51", "the post was deleted", sure=False)
    clock.now += 10 * DAYS
    state.finish(claimed(state), [unsure])
    clock.now -= 10 * DAYS
    (again,) = state.finish(claimed(state), [unsure])
    assert again.retry_after == CONFIRM_SECONDS
    clock.now += CONFIRM_SECONDS
    assert state.finish(claimed(state), [unsure]) == []


def test_attempts_by_a_clock_that_was_ahead_are_not_taken_for_long_ago(
    state: AccountState, clock: Clock
):
    clock.now += 10 * DAYS
    for _ in RETRY_SECONDS:
        (again,) = state.finish(claimed(state), [to_retry("51", "busy", retry_after=1.0)])
        clock.now += 1
    clock.now -= 10 * DAYS
    (again,) = state.finish(claimed(state), [to_retry("51", "busy", retry_after=1.0)])
    assert again.retry_after == RETRY_SECONDS[0]


@pytest.fixture
def watched(home: Home, clock: Clock) -> Iterator[AccountState]:
    """The same in a process that has a monotonic clock beside."""
    with home.opened(clock, monotonic=clock.monotonic) as store:
        state = store.use_account("https://social.example", "7")
        state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
        yield state


def test_a_clock_that_is_set_ahead_makes_nothing_said_twice_apart_in_time(
    watched: AccountState, clock: Clock
):
    unsure = left_alone("51", "the post was deleted", sure=False)
    watched.finish(claimed(watched), [unsure])
    clock.now += 5
    clock.set_by(3 * CONFIRM_SECONDS)
    (again,) = watched.finish(claimed(watched), [unsure])
    assert again.retry_after == CONFIRM_SECONDS - 5
    clock.now += CONFIRM_SECONDS - 5
    assert watched.finish(claimed(watched), [unsure]) == []


@pytest.mark.parametrize("edit_failed", [False, True])
def test_a_clock_that_is_set_ahead_gives_nothing_up(
    watched: AccountState, clock: Clock, edit_failed: bool
):
    def attempt() -> float | None:
        if edit_failed:
            return watched.put_back(claimed(watched), edit_failed=True)
        again = watched.finish(claimed(watched), [to_retry("51", "busy")])
        return again[0].retry_after if again else None

    if edit_failed:
        clock.now += watched.put_back(claimed(watched), edit_failed=True) or 0.0
        watched.record([Found(status_id="9", attachment_ids=("91",), backfill=False)])
        watched.finish(claimed(watched), [Outcome(attachment_id="91", state="described")])
    began = clock.now
    for _ in RETRY_SECONDS[:-1]:
        wait = attempt()
        assert wait is not None
        clock.now += wait
    passed = clock.now - began
    attempt()
    clock.set_by(GIVE_UP_SECONDS)
    assert attempt() == pytest.approx(passed)
    clock.now += GIVE_UP_SECONDS
    assert attempt() is None


def test_a_post_that_the_server_failed_for_lets_the_others_go_first(
    state: AccountState, clock: Clock
):
    state.record([Found(status_id="6", attachment_ids=("61",), backfill=False)])
    newest = claimed(state)
    assert newest.status_id == "6"
    state.put_back(newest)
    clock.now += DAYS  # both are due
    assert [claimed(state).status_id, claimed(state).status_id] == ["5", "6"]


def test_an_attachment_is_taken_with_the_others_of_its_post_that_are_due(
    state: AccountState, clock: Clock
):
    state.finish(claimed(state), [to_retry("51", "busy")])
    state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=True)])
    assert state.claim(backfill=False) is None
    claim = claimed(state)
    assert (claim.attachment_ids, claim.backfill) == (("52",), True)
    clock.now += RETRY_SECONDS[0]
    assert claimed(state).attachment_ids == ("51",)


def claimed_of(state: AccountState, status_id: str = "5") -> Claim:
    claim = state.claim_of(status_id)
    assert claim is not None
    return claim


def test_one_post_alone_is_taken(state: AccountState, clock: Clock):
    state.record([Found(status_id="6", attachment_ids=("61",), backfill=False, speech=("61",))])
    assert claimed_of(state).attachment_ids == ("51",)
    assert state.claim_of("7") is None
    other = claimed_of(state, "6")
    assert other.speech
    state.finish(other, [to_retry("61", "busy")])
    assert state.claim_of("6") is None
    assert state.due_of("6") == clock.now + RETRY_SECONDS[0]
    assert state.due_of("7") is None


def test_what_is_due_at_once_is_taken_though_a_clock_is_a_little_behind(
    state: AccountState, clock: Clock
):
    clock.now -= EARLY_SECONDS
    assert state.claim_of("5") is not None


def test_a_claim_of_a_post_that_its_worker_left_is_an_interruption(
    state: AccountState, clock: Clock
):
    for _ in range(FREE_INTERRUPTIONS + 1):
        assert claimed_of(state).attachment_ids == ("51",)
        clock.now += 1
    assert state.claim_of("5") is None
    assert state.counts() == {"waiting": 1}
    due = state.due_of("5")
    assert due is not None and due > clock.now
    clock.now = due
    assert claimed_of(state).attachment_ids == ("51",)


def test_nothing_of_a_post_is_taken_while_it_may_not_be_edited(state: AccountState):
    assert state.history.begin_undo("5", ["52"], alone=False)
    assert state.claim_of("5") is None
    state.history.end_undo("5", ["52"], ["52"])
    state.halt("post 4 lost its text")
    assert state.claim_of("5") is None
    assert state.due_of("5") is None
    state.resume()
    assert claimed_of(state).attachment_ids == ("51",)
