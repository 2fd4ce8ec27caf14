"""The ledger: what every home of the store must do with it."""

import pytest
from clock import Clock

from alternator.store.interface import Store
from alternator.store.ledger import HOUR_SECONDS, BackfillPlace, Ledger

DAY = 24 * 3600.0


@pytest.fixture
def ledger(store: Store) -> Ledger:
    return store.use_account("https://social.example", "7").ledger


def test_there_is_room_again_an_hour_after_the_first_of_so_many(ledger: Ledger, clock: Clock):
    start = clock()
    assert ledger.seconds_until_room("edit", 2) == 0.0
    ledger.spend("edit")
    clock.now += 600
    assert ledger.seconds_until_room("edit", 2) == 0.0
    ledger.spend("edit")
    assert ledger.seconds_until_room("edit", 2) == start + HOUR_SECONDS - clock()
    assert ledger.seconds_until_room("edit", 3) == 0.0
    assert ledger.seconds_until_room("description", 1) == 0.0
    clock.now = start + HOUR_SECONDS
    assert ledger.seconds_until_room("edit", 2) == 0.0


def test_several_at_once_count_each(ledger: Ledger, clock: Clock):
    ledger.spend("description", 4)
    assert ledger.seconds_until_room("description", 4) == HOUR_SECONDS
    assert ledger.seconds_until_room("description", 5) == 0.0


def test_what_a_clock_set_ahead_wrote_down_holds_nothing_up(ledger: Ledger, clock: Clock):
    clock.now += 10 * DAY
    ledger.spend("edit", 3)
    clock.now -= 10 * DAY
    assert ledger.seconds_until_room("edit", 1) == 0.0


def test_what_another_process_wrote_a_moment_ahead_counts(ledger: Ledger, clock: Clock):
    """Its clock is a little ahead of this one's."""
    clock.now += 2
    ledger.spend("edit")
    assert ledger.tell("credit", apart=DAY)
    clock.now -= 2
    assert ledger.seconds_until_room("edit", 1) > HOUR_SECONDS
    ledger.spend("edit")
    assert ledger.seconds_until_room("edit", 2) == HOUR_SECONDS
    assert not ledger.tell("credit", apart=DAY)


def test_a_thing_is_said_once_a_day(ledger: Ledger, clock: Clock):
    assert ledger.tell("credit", apart=DAY)
    assert not ledger.tell("credit", apart=DAY)
    assert ledger.tell("gpu", apart=DAY)
    assert ledger.last_told("credit") == clock()
    clock.now += DAY
    assert ledger.tell("credit", apart=DAY)


def test_replies_are_remembered_by_post(ledger: Ledger):
    ledger.answered("5", ["71", "72"])
    ledger.answered("5", ["72"])
    assert ledger.answers_to("5") == {"71", "72"}
    assert ledger.answers_to("6") == frozenset()


def test_a_backfill_goes_on_where_it_was(ledger: Ledger):
    assert ledger.backfill() is None
    for place in (
        BackfillPlace(since=12.5),
        BackfillPlace(below="30", left=7),
        BackfillPlace(below="20", left=0, done=True),
    ):
        ledger.set_backfill(place)
        assert ledger.backfill() == place
