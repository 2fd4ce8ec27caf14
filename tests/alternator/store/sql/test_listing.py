from collections.abc import Callable
from contextlib import closing
from typing import get_args

import pytest
from clock import Clock

from alternator.config.database import DatabaseSettings
from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import AttachmentState, Found, Outcome, left_alone
from alternator.store.postgres.store import PostgresStore

POSTS = 60
DONE = 3000
ALL = get_args(AttachmentState)
# What sessions that have told of it have read of the attachments: rows, and entries of indexes.
READ = """
SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = 'attachment')
    + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'attachment')
"""
MANY = f"""
INSERT INTO attachment (account, status_id, attachment_id, state, backfill, not_before, found,
    changed) SELECT %s, n, n, CASE WHEN n %% 3 = 0 THEN 'left' WHEN n %% 100 = 1 THEN 'failed'
    ELSE 'described' END, 0, n, n, n FROM generate_series(1, {DONE}) AS n
"""


@pytest.fixture
def state(store: Store, clock: Clock) -> AccountState:
    """Sixty posts, taken up a second apart: every third is described, left alone, given up."""
    state = store.use_account("https://social.example", "7")
    state.record(
        Found(status_id=str(100 + n), attachment_ids=(f"{n}a",), backfill=n % 2 == 0)
        for n in range(POSTS)
    )
    for _ in range(POSTS - 3):
        clock.now += 1
        claim = state.claim()
        assert claim is not None
        (key,) = claim.attachment_ids
        outcomes = (
            Outcome(attachment_id=key, state="described"),
            left_alone(key, "no speech was found in it"),
            Outcome(attachment_id=key, state="failed", reason="<b>broken</b>"),
        )
        state.finish(claim, [outcomes[int(claim.status_id) % 3]])
    return state


def test_pages_hold_what_happened_last_first(state: AccountState):
    listing = state.listing
    first = listing.page(("described", "left"), most=10)
    second = listing.page(("described", "left"), most=10, skip=10)
    moments = [entry.changed for entry in (*first, *second)]
    assert moments == sorted(moments, reverse=True) and len(set(moments)) == 20
    number = listing.number(("described", "left"))
    assert len(listing.page(("described", "left"), most=99)) == number == 38
    assert listing.page(["left"], most=10, skip=number) == []


@pytest.mark.parametrize("far", [0, 500])
def test_pages_of_all_states_are_parts_of_one_order(
    state: AccountState, far: int, monkeypatch: pytest.MonkeyPatch
):
    """From the one end or from the other."""
    monkeypatch.setattr("alternator.store.sql.listing.FAR", far)
    assert state.claim() is not None
    whole = state.listing.page(ALL, most=99)
    assert len(whole) == POSTS == state.listing.number(ALL)
    order = [(-entry.due, entry.attachment_id) for entry in whole]
    assert [moment for moment, _ in order] == sorted(moment for moment, _ in order)
    pages = [state.listing.page(ALL, most=7, skip=skip) for skip in range(0, 63, 7)]
    assert [entry for page in pages for entry in page] == list(whole)
    assert {entry.state for entry in whole} == {"described", "left", "waiting", "claimed"}
    assert state.listing.page([], most=7) == []
    assert state.listing.page(ALL, most=7, skip=POSTS) == []
    waiting = state.listing.page(["waiting"], most=99)
    assert len(waiting) > 3
    assert state.listing.page(["waiting"], most=9, skip=2) == waiting[2:11]
    assert state.listing.page(["waiting"], most=9, skip=len(waiting) - 2) == waiting[-2:]


@pytest.mark.parametrize(
    ("look", "most"),
    [
        (lambda state: state.listing.page(ALL, most=25), 200),
        (lambda state: state.listing.page(["described"], most=25, skip=25), 200),
        (lambda state: state.listing.page(ALL, most=25, skip=DONE - 25), 200),
        (lambda state: state.listing.number(ALL), 10),
        (lambda state: state.counts(), 10),
        (lambda state: state.overview(10), 100),
        (lambda state: state.listing.described_since(DONE - 100.0), 150),
        (lambda state: state.make_due(), 50),
    ],
    ids=[
        "page",
        "page of one state",
        "last page",
        "number",
        "counts",
        "overview",
        "lately",
        "made due",
    ],
)
def test_what_a_page_reads_does_not_grow_with_what_is_done(
    database: DatabaseSettings, look: Callable[[AccountState], object], most: int
):
    """Asked often enough for a plan that serves any parameters (PREPARE, plan_cache_mode)."""
    with closing(PostgresStore(database, role="test", shared=True)) as store:
        state = store.use_account("https://social.example", "7")

        def read() -> int:
            with store.database.plain() as connection:
                connection.execute("SELECT pg_stat_force_next_flush()")
                connection.execute("SELECT 1")
                row = connection.execute(READ).fetchone()
            assert row is not None
            return int(row[0])

        with store.database.plain() as connection:
            connection.execute(MANY.encode(), (state.key,))
            connection.execute("VACUUM ANALYZE attachment")
        before = read()
        for _ in range(20):
            look(state)
        assert read() - before <= 20 * most


def test_one_post_alone(state: AccountState):
    (entry,) = state.listing.page(("described", "left", "failed"), most=9, status_id="130")
    assert (entry.attachment_id, entry.state) == ("30a", "left")
    assert entry.reason == "no speech was found in it"
    assert state.listing.number(["left"], status_id="130") == 1
    assert state.listing.page(["failed"], most=9, status_id="130") == []


def test_what_waits_comes_as_it_is_due(state: AccountState, clock: Clock):
    waiting = state.listing.page(["waiting"], most=99)
    # Three that were never claimed, and the failures, which are tried again later.
    assert [entry.attempts for entry in waiting[:3]] == [0, 0, 0]
    due = [entry.due for entry in waiting]
    assert due == sorted(due) and due[-1] > clock.now
    assert state.listing.oldest_waiting() == 1_000_000.0


def test_reasons_by_their_number(state: AccountState):
    assert state.listing.reasons("left", 5) == [("no speech was found in it", 19)]
    assert state.listing.reasons("failed", 5) == []


def test_when_something_was_described(state: AccountState, clock: Clock):
    found = state.listing.described_since(0)
    assert len(found) == 19
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert all(one.after == one.at - 1_000_000.0 for one in found)
    assert {one.backfill for one in found} == {True, False}
    assert state.listing.described_since(clock.now - 10) == [
        one for one in found if one.at >= clock.now - 10
    ]


def test_what_was_left_alone_is_taken_up_again(state: AccountState):
    (entry,) = state.listing.page(["left"], most=9, status_id="130")
    assert state.listing.retry("130", "31a") == 0
    assert state.listing.retry("130", entry.attachment_id) == 1
    assert state.listing.retry("130") == 0  # it waits by now
    (again,) = state.listing.page(["waiting"], most=9, status_id="130")
    assert (again.attempts, again.backfill) == (0, False)
    # What a person asks for goes first, whatever else is old.
    claim = state.claim(backfill=False)
    assert claim is not None
    # What is described is nobody's to describe again.
    (done,) = state.listing.page(["described"], most=1)
    assert state.listing.retry(done.status_id) == 0


def test_another_accounts_are_not_seen(state: AccountState, store: Store):
    other = store.use_account("https://social.example", "8")
    assert other.listing.page(("described", "left"), most=9) == []
    assert other.listing.oldest_waiting() is None
    assert other.listing.retry("130") == 0
