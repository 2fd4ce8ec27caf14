"""How long ago something was, while the clock is set ahead and back."""

import pytest
from clock import Clock

from alternator.store.elapsed import MOST_STEPS, ElapsedTime


@pytest.fixture
def elapsed(clock: Clock) -> ElapsedTime:
    return ElapsedTime(clock, clock.monotonic)


def test_time_that_passes_is_counted_by_both_clocks(elapsed: ElapsedTime, clock: Clock):
    then = elapsed.now()
    clock.now += 700
    assert elapsed.since(then) == 700


def test_a_clock_that_is_set_ahead_does_not_make_time_pass(elapsed: ElapsedTime, clock: Clock):
    then = elapsed.now()
    clock.now += 5
    clock.set_by(3600)
    assert elapsed.since(then) == 5
    between = elapsed.now()
    clock.now += 7
    clock.set_by(60)
    assert elapsed.since(then) == 12
    assert elapsed.since(between) == 7


def test_what_was_before_this_process_is_told_by_the_time_of_day(
    elapsed: ElapsedTime, clock: Clock
):
    then = clock.now - 5000
    assert elapsed.since(then) == 5000
    clock.set_by(3600)
    assert elapsed.since(then) == 5000


def test_a_clock_that_is_set_back_and_ahead_again_counts_once(elapsed: ElapsedTime, clock: Clock):
    then = elapsed.now()
    clock.set_by(3600)
    elapsed.now()
    clock.set_by(-3600)
    clock.now += 100
    assert elapsed.since(then) == 100
    clock.set_by(3600)
    assert elapsed.since(then) == 100
    clock.now += 900
    assert elapsed.since(then) == 1000


def test_a_clock_that_is_steered_is_believed(elapsed: ElapsedTime, clock: Clock):
    then = elapsed.now()
    for _ in range(100):
        clock.now += 10
        clock.set_by(
            0.005
        )  # 500 parts in a million: https://man7.org/linux/man-pages/man2/adjtimex.2.html
        elapsed.now()
    assert elapsed.since(then) == pytest.approx(1000.5)


def test_what_is_remembered_is_bounded(elapsed: ElapsedTime, clock: Clock):
    for _ in range(3 * MOST_STEPS):
        clock.now += 1
        clock.set_by(10)
        elapsed.now()
    then = elapsed.now()
    clock.set_by(10)
    clock.now += 3
    assert elapsed.since(then) == 3
    assert len(elapsed._steps) <= MOST_STEPS + 1
