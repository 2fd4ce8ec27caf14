"""What a clock that jumps does to what is written down; the rest: ../test_interface.py."""

import pytest
from clock import Clock

from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import (
    CONFIRM_SECONDS,
    LONGEST_WAIT_SECONDS,
    RETRY_SECONDS,
    Claim,
    Found,
    left_alone,
    to_retry,
)

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
        clock.now -= 1
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
