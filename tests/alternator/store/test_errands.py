"""Errands: what every home of the store must do with them."""

from dataclasses import replace

import pytest
from clock import Clock
from homes import Home

from alternator.store.edit_history import Writing
from alternator.store.errands import MOST_REMEMBERED, MOST_WAITING, Errand, Errands, Kind
from alternator.store.interface import Store

SERVER = "https://social.example"
ERRAND = Errand(kind="undo", status_id="5", attachment_id="51")
NEXT: tuple[tuple[str, Kind], ...] = (("5", "rewrite"), ("5", "undo"), ("6", "again"))


@pytest.fixture
def errands(store: Store) -> Errands:
    return store.use_account(SERVER, "7").errands


def test_an_errand_waits_until_its_end_is_told(errands: Errands):
    assert errands.next() is None
    assert errands.ask(ERRAND)
    assert not errands.ask(ERRAND)  # it is asked for already
    kept = errands.next()
    assert kept is not None and kept == errands.next()
    assert kept.errand == ERRAND and not kept.begun
    errands.begin(kept.number)
    begun = errands.next()
    assert begun == replace(kept, begun=True)
    assert errands.waiting("5") == [ERRAND] and errands.waiting("6") == []
    assert errands.ended("5") == {}
    errands.end(kept.number, "it was edited since")
    assert errands.next() is None and errands.waiting("5") == []
    assert errands.ended("5")["51"].why == "it was edited since"
    assert errands.ask(ERRAND)
    again = errands.next()
    assert again is not None and again.number > kept.number and not again.begun
    errands.end(again.number)
    assert errands.ended("5")["51"].why == ""


def test_those_of_other_posts_can_be_done_before(errands: Errands):
    each = [replace(ERRAND, status_id=post, kind=kind) for post, kind in NEXT]
    assert all(map(errands.ask, each))
    other, first = errands.next({"5"}), errands.next()
    assert other is not None and other.errand == each[2]
    assert errands.next({"5", "6"}) is None
    assert first is not None and first.errand == each[0]


def test_too_many_are_refused_and_old_ones_forgotten(errands: Errands, clock: Clock):
    each = [replace(ERRAND, status_id=str(n)) for n in range(MOST_WAITING + 1)]
    assert [errands.ask(one) for one in each] == [True] * MOST_WAITING + [False]
    for _ in range(3):
        clock.now += 1
        while (kept := errands.next()) is not None:
            errands.end(kept.number, f"at {clock.now}")
        for one in each[:-1]:
            errands.ask(one)
    remembered = [kept for one in each for kept in errands.ended(one.status_id).values()]
    assert 0 < len(remembered) <= MOST_REMEMBERED
    assert {kept.why for kept in remembered} == {f"at {clock.now}"}


def test_they_are_there_at_the_next_start_in_their_order(home: Home):
    each = [replace(ERRAND, status_id=post, kind=kind) for post, kind in NEXT]
    with home.opened(lambda: 5.0) as store:
        errands = store.use_account(SERVER, "7").errands
        assert all(map(errands.ask, each))
        first = errands.next()
        assert first is not None
        errands.begin(first.number)
    with home.opened(lambda: 9.0) as store:
        errands = store.use_account(SERVER, "7").errands
        assert errands.next() == replace(first, begun=True)
        assert errands.waiting("5") == each[:2] and errands.waiting("6") == each[2:]


def test_they_are_of_one_account(store: Store, errands: Errands):
    other = store.use_account(SERVER, "8").errands
    assert errands.ask(ERRAND) and other.next() is None and other.ask(ERRAND)
    kept = errands.next()
    assert kept is not None
    other.end(kept.number, "not mine")
    assert errands.waiting("5") == [ERRAND]


def test_what_was_sent_since_it_was_begun_is_known_whatever_the_clock(store: Store, clock: Clock):
    state = store.use_account(SERVER, "7")
    state.history.sending("5", [Writing(attachment_id="51", kind="image", before=None, text="A")])
    assert state.errands.ask(ERRAND)
    number = getattr(state.errands.next(), "number", 0)
    state.errands.begin(number)
    clock.now -= 86400
    state.history.sending("5", [Writing(attachment_id="52", kind="image", before=None, text="A")])
    assert not getattr(state.errands.next(), "sent_since", True)
    state.history.sending("5", [Writing(attachment_id="51", kind="image", before=None, text="B")])
    assert getattr(state.errands.next(), "sent_since", False)
    state.errands.begin(number)
    assert not getattr(state.errands.next(), "sent_since", True)
