"""What a lock and a full disk do to claims in a file."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from clock import Clock
from other_program import holding
from small_disk import fill, make_room, small_disk

from alternator.errors import TemporaryStateError
from alternator.store.interface import AccountState
from alternator.store.outcomes import RETRY_SECONDS, Claim, Found, Outcome, to_retry
from alternator.store.sqlite.store import SqliteStore


def claimed(state: AccountState) -> Claim:
    claim = state.claim()
    assert claim is not None
    return claim


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
