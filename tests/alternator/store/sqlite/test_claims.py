"""What a clock that jumps, a lock and a full disk do to claims; the rest: ../test_interface.py."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from clock import Clock
from other_program import holding
from small_disk import fill, make_room, small_disk

from alternator.errors import TemporaryStateError
from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import (
    CONFIRM_SECONDS,
    GIVE_UP_SECONDS,
    LONGEST_WAIT_SECONDS,
    RETRY_SECONDS,
    Claim,
    Found,
    Outcome,
    left_alone,
    to_retry,
)
from alternator.store.sqlite.store import SqliteStore

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


@pytest.fixture
def watched(tmp_path: Path, clock: Clock) -> Iterator[AccountState]:
    """The same in a process that has a monotonic clock beside."""
    path = tmp_path / "watched.sqlite3"
    with closing(SqliteStore(path, clock=clock, monotonic=clock.monotonic)) as store:
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


DESCRIBED = [Outcome(attachment_id="51", state="described")]
ENDS: dict[str, Callable[[AccountState, Claim], object]] = {
    "finish": lambda state, claim: state.finish(claim, DESCRIBED),
    "release": lambda state, claim: state.release(claim, wait=60.0),
    "put back": lambda state, claim: state.put_back(claim),
    "put back after an edit": lambda state, claim: state.put_back(claim, edit_failed=True),
}


class TestTrouble:
    """While nothing can be written, nothing is taken; what could not be ended is taken anew."""

    @pytest.fixture
    def disk(self, tmp_path: Path) -> Iterator[Path]:
        with small_disk(tmp_path / "disk") as disk:
            yield disk

    @pytest.fixture
    def full(self, disk: Path, clock: Clock) -> Iterator[AccountState]:
        """A state with a post that is claimed by nobody, and 5000 more, on a disk that fills."""
        with closing(SqliteStore(disk / "state.sqlite3", clock=clock)) as store:
            state = store.use_account("https://social.example", "7")
            state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
            yield state

    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    def test_a_claim_that_can_not_be_ended_is_over_all_the_same(
        self,
        tmp_path: Path,
        clock: Clock,
        end: Callable[[AccountState, Claim], object],
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setattr("alternator.store.sqlite.database.BUSY_MILLISECONDS", 50)
        path = tmp_path / "state.sqlite3"
        with closing(SqliteStore(path, clock=clock, patience=0.0)) as store:
            state = store.use_account("https://social.example", "7")
            state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
            claim = claimed(state)
            with holding(path):
                for ask in (lambda: end(state, claim), state.claim):
                    with pytest.raises(TemporaryStateError, match="is locked"):
                        ask()
            again = claimed(state)
            assert again == claim
            # It has counted as one attempt in all, and the claim that is over changes nothing.
            end(state, claim)
            assert state.counts() == {"claimed": 1}
            (failed,) = state.finish(again, [to_retry("51", "busy")])
            assert failed.retry_after == RETRY_SECONDS[0]

    def test_an_account_is_halted_though_it_can_not_be_written(
        self, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr("alternator.store.sqlite.database.BUSY_MILLISECONDS", 50)
        path = tmp_path / "state.sqlite3"
        with closing(SqliteStore(path, clock=clock, patience=0.0)) as store:
            state = store.use_account("https://social.example", "7")
            state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
            with holding(path):
                state.halt("post 4 lost its text")
                assert state.halted() == "post 4 lost its text"
                assert state.claim() is None
                assert state.next_due() is None
            assert state.claim() is None
            assert state.halted() == "post 4 lost its text"
            again = store.use_account("https://social.example", "7")
            assert again.halted() == "post 4 lost its text"
            assert again.claim() is None
            assert again.next_due() is None
            again.resume()
            assert again.claim() is not None

    def test_a_full_disk_loses_nothing(
        self, full: AccountState, disk: Path, clock: Clock, caplog: pytest.LogCaptureFixture
    ):
        caplog.set_level(logging.INFO, "alternator")
        claim = claimed(full)
        fill(disk)
        many = [
            Found(status_id=str(10_000 + n), attachment_ids=(str(n),), backfill=True)
            for n in range(5000)
        ]
        for _ in range(2):
            with pytest.raises(TemporaryStateError, match="is full"):
                full.record(many, cursor="20000")
        with pytest.raises(TemporaryStateError, match="is full"):
            full.counts()  # which the health answer tells
        make_room(disk)
        full.finish(claim, DESCRIBED)
        assert full.counts() == {"described": 1}
        assert full.cursors().newest is None
        assert [record.getMessage().rpartition("; ")[2] for record in caplog.records] == [
            "until then nothing is described",
            f"the state file {disk / 'state.sqlite3'} can be written again",
        ]
