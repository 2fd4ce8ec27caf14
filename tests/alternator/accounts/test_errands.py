from dataclasses import replace

from alternator.accounts.errands import MOST_REMEMBERED, MOST_WAITING, Errand, Errands, Kind

ERRAND = Errand(kind="undo", status_id="5", attachment_id="51")
NEXT: tuple[tuple[str, Kind], ...] = (("5", "rewrite"), ("5", "undo"), ("6", "again"))


def test_an_errand_waits_until_its_end_is_told():
    errands, woken = Errands(), []
    errands.wake = lambda: woken.append(1)
    assert errands.next() is None
    assert errands.ask(ERRAND) and woken == [1]
    assert not errands.ask(ERRAND)  # it is asked for already
    assert errands.next() == errands.next() == ERRAND
    assert errands.waiting("5") == [ERRAND] and errands.waiting("6") == []
    errands.end(ERRAND, "it was edited since")
    assert errands.next() is None and errands.waiting("5") == []
    assert errands.ended("5")["51"].why == "it was edited since"
    assert errands.ask(ERRAND)
    errands.end(ERRAND)
    assert errands.ended("5")["51"].why == ""


def test_those_of_other_posts_can_be_done_before():
    errands = Errands()
    each = [replace(ERRAND, status_id=post, kind=kind) for post, kind in NEXT]
    assert all(map(errands.ask, each))
    assert errands.next({"5"}) == each[2]
    assert errands.next({"5", "6"}) is None
    assert errands.next() == each[0]


def test_too_many_are_refused_and_old_ones_forgotten():
    errands = Errands()
    each = [replace(ERRAND, status_id=str(n)) for n in range(MOST_WAITING + 1)]
    assert [errands.ask(one) for one in each] == [True] * MOST_WAITING + [False]
    for _ in range(3):
        while (errand := errands.next()) is not None:
            errands.end(errand)
        for one in each[:-1]:
            errands.ask(one)
    remembered = sum(len(errands.ended(one.status_id)) for one in each)
    assert remembered <= MOST_REMEMBERED
