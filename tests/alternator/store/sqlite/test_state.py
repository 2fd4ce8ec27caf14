from pathlib import Path

from clock import Clock

from alternator.store.interface import AccountState
from alternator.store.opening import opened
from alternator.store.outcomes import RETRY_SECONDS, Claim, Cursors, Found

FOUND = Found(status_id="5", attachment_ids=("51",), backfill=False)


def claimed(state: AccountState) -> Claim:
    claim = state.claim()
    assert claim is not None
    return claim


def test_a_claim_that_a_crash_cut_short_is_tried_again(tmp_path: Path, clock: Clock):
    with opened(tmp_path, clock=clock) as store:
        state = store.use_account("https://social.example", "7")
        state.record([FOUND], cursor="5", floor="0")
        claimed(state)
    with opened(tmp_path, clock=clock) as store:
        state = store.use_account("https://social.example", "7")
        assert claimed(state).status_id == "5"
        assert state.cursors() == Cursors(newest="5", floor="0")


def test_a_crash_at_every_attempt_is_not_repeated_for_ever(tmp_path: Path, clock: Clock):
    for _ in range(len(RETRY_SECONDS) + 1):
        with opened(tmp_path, clock=clock) as store:
            state = store.use_account("https://social.example", "7")
            state.record([FOUND])
            claimed(state)
    with opened(tmp_path, clock=clock) as store:
        state = store.use_account("https://social.example", "7")
        assert state.claim() is None
        assert state.counts() == {"failed": 1}
