from collections.abc import Callable

import pytest
from clock import Clock
from homes import Home

from alternator.errors import AccountGoneError
from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import (
    FREE_INTERRUPTIONS,
    GIVE_UP_SECONDS,
    RETRY_SECONDS,
    Claim,
    Cursors,
    Found,
    Outcome,
)

FOUND = Found(status_id="5", attachment_ids=("51",), backfill=False)


def claimed(state: AccountState) -> Claim:
    claim = state.claim()
    assert claim is not None
    return claim


def test_a_claim_that_a_crash_cut_short_is_tried_again(home: Home, clock: Clock):
    with home.opened(clock) as store:
        state = store.use_account("https://social.example", "7")
        state.record([FOUND], cursor="5", floor="0")
        claimed(state)
    with home.opened(clock) as store:
        state = store.use_account("https://social.example", "7")
        assert claimed(state).status_id == "5"
        assert state.cursors() == Cursors(newest="5", floor="0")


def killed_at_work(home: Home, clock: Clock) -> Claim | None:
    """One start that is killed once it has claimed the post, if it is due."""
    with home.opened(clock) as store:
        state = store.use_account("https://social.example", "7")
        state.record([FOUND])
        return state.claim()


def test_a_crash_at_every_attempt_is_not_repeated_for_ever(home: Home, clock: Clock):
    began = clock.now
    crashes = 0
    step = 60 if home.database.url is None else 600  # a start takes longer there
    for _ in range(24 * 3600 // step):
        crashes += killed_at_work(home, clock) is not None
        clock.now += step
    with home.opened(clock) as store:
        state = store.use_account("https://social.example", "7")
        assert state.claim() is None
        assert state.counts() == {"failed": 1}
        assert state.retry_failed() == 1
    assert crashes == len(RETRY_SECONDS) + FREE_INTERRUPTIONS + 1
    assert clock.now - began > GIVE_UP_SECONDS


def test_crashes_within_a_minute_give_nothing_up_and_others_get_their_turn(
    home: Home, clock: Clock
):
    for _ in range(20):
        killed_at_work(home, clock)
        clock.now += 3.0
    with home.opened(clock) as store:
        state = store.use_account("https://social.example", "7")
        assert state.counts() == {"waiting": 1}
        assert state.claim() is None
        state.record([Found(status_id="4", attachment_ids=("41",), backfill=False)])
        assert claimed(state).status_id == "4"
        clock.now += RETRY_SECONDS[1]
        assert claimed(state).status_id == "5"


def test_the_first_crashes_cost_no_wait(home: Home, clock: Clock):
    for _ in range(FREE_INTERRUPTIONS + 1):
        assert killed_at_work(home, clock) is not None


def gone(store: Store, before: AccountState) -> AccountState:
    """The state of an account that has left, as who was at work for it still has it."""
    return store.of_account(before.key + 1)


@pytest.mark.parametrize(
    "asked",
    [
        lambda state, claim: state.put_back(claim),
        lambda state, claim: state.found_at(claim),
        lambda state, claim: state.halted(),
        lambda state, claim: state.claim_of("5"),
        lambda state, claim: state.cursors(),
        lambda state, claim: state.first_start(),
        lambda state, claim: state.admit_old(["5"], 3),
        lambda state, claim: state.record([FOUND], cursor="5"),
        lambda state, claim: state.overview(3),
    ],
    ids=[
        "put-back",
        "found",
        "halted",
        "claim",
        "cursors",
        "start",
        "admit",
        "record",
        "overview",
    ],
)
def test_an_account_that_left_is_told_as_such(
    store: Store, asked: Callable[[AccountState, Claim], object]
):
    before = store.use_account("https://social.example", "7")
    before.record([FOUND])
    claim = claimed(before)
    with pytest.raises(AccountGoneError, match="left"):
        asked(gone(store, before), claim)


def test_ends_of_an_account_that_left_change_nothing(store: Store):
    before = store.use_account("https://social.example", "7")
    before.record([FOUND])
    claim = claimed(before)
    state = gone(store, before)
    state.release(claim)
    assert state.finish(claim, [Outcome(attachment_id="51", state="described")]) == []
    state.drafts.settle("5")
    assert before.counts() == {"claimed": 1}
