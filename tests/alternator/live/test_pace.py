"""Room for windows that could be left out grows with answers in time, late ones halve it."""

import time

import pytest

from alternator.live.pace import FIRST_HELP, HELP_PER_SECOND, MOST_HELP, MOST_ROOM, Pace


def room(pace: Pace) -> int:
    count = 0
    while pace.has_room:
        pace.began()
        count += 1
    for _ in range(count):
        pace.ended(None, full=False)
    return count


def answered(pace: Pace, seconds: float, times: int = 1, *, full: bool = False) -> None:
    for _ in range(times):
        pace.began()
        pace.ended(seconds, full=full)


def test_it_grows_and_is_halved_but_never_nothing() -> None:
    pace = Pace()
    first = room(pace)
    answered(pace, 0.1, 100)
    grown = room(pace)
    assert grown > first
    answered(pace, 2.0)
    assert room(pace) == grown // 2
    answered(pace, 2.0, 20)
    assert room(pace) == 1
    answered(pace, 0.1, 3)
    assert room(pace) > 1


def test_it_is_bounded() -> None:
    pace = Pace()
    answered(pace, 0.1, 50_000)
    assert room(pace) == MOST_ROOM


def test_what_is_cancelled_says_nothing_of_the_pace() -> None:
    pace = Pace()
    before = room(pace)
    for _ in range(50):
        pace.began()
        pace.ended(None, full=False)
    assert room(pace) == before


def test_in_time_is_what_answers_take_on_the_average() -> None:
    pace = Pace()
    assert pace.in_time
    answered(pace, 5.0)
    assert pace.in_time  # one now and then
    answered(pace, 5.0, 2)
    assert not pace.in_time
    answered(pace, 0.3, 20)
    assert pace.in_time
    answered(pace, 1.8, 20)
    assert not pace.in_time


def test_help_is_halved_by_what_is_late_and_grows_with_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace()
    assert pace.help_seconds == FIRST_HELP
    answered(pace, 2.0)  # words that are not final have none
    assert pace.help_seconds == FIRST_HELP
    answered(pace, 2.0, 3, full=True)
    assert pace.help_seconds == FIRST_HELP / 8
    now[0] += 4
    assert pace.help_seconds == FIRST_HELP / 8 + 4 * HELP_PER_SECOND
    answered(pace, 0.1, 50, full=True)
    assert pace.help_seconds == FIRST_HELP / 8 + 4 * HELP_PER_SECOND
    now[0] += 1000
    assert pace.help_seconds == MOST_HELP and pace.has_time
    answered(pace, 2.0, full=True)
    assert pace.help_seconds == MOST_HELP / 2 and not pace.has_time
