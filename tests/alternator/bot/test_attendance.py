import pytest

from alternator.bot.attendance import LATEST_EVENT_SECONDS, MOST_AWAITED, Attendance
from alternator.clock import Clock


class SetClock(Clock):
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def attendance(clock: SetClock) -> Attendance:
    """Of a connection during which one look was made already."""
    found = Attendance(clock)
    found.looked(["1"], 1)
    return found


def test_a_post_without_its_event_makes_the_stream_deaf(attendance: Attendance, clock: SetClock):
    attendance.looked(["2"], 1)
    assert not attendance.is_deaf(1)  # it may be late
    clock.seconds += LATEST_EVENT_SECONDS + 1
    assert attendance.is_deaf(1)
    assert not attendance.is_deaf(2)


@pytest.mark.parametrize("seconds", [-1.0, 1.0])
def test_an_event_before_or_after_the_look_is_one(
    attendance: Attendance, clock: SetClock, seconds: float
):
    if seconds < 0:
        attendance.heard("2")
    attendance.looked(["2"], 1)
    if seconds > 0:
        attendance.heard("2")
    clock.seconds += LATEST_EVENT_SECONDS + 1
    assert not attendance.is_deaf(1)


@pytest.mark.parametrize("connection", [0, 2])
def test_what_may_be_from_before_the_connection_says_nothing(
    attendance: Attendance, clock: SetClock, connection: int
):
    attendance.looked(["2"], connection)
    clock.seconds += LATEST_EVENT_SECONDS + 1
    assert not attendance.is_deaf(connection)
    # And is not held against a later one.
    attendance.looked(["3"], connection)
    assert not attendance.is_deaf(3)


def test_looking_often_does_not_put_it_off(attendance: Attendance, clock: SetClock):
    attendance.looked(["2"], 1)
    for _ in range(3):
        clock.seconds += LATEST_EVENT_SECONDS / 2
        attendance.looked([], 1)
    assert attendance.is_deaf(1)


def test_it_keeps_no_more_than_it_needs(attendance: Attendance, clock: SetClock):
    attendance.looked([str(number) for number in range(10 * MOST_AWAITED)], 1)
    for number in range(MOST_AWAITED):
        attendance.heard(str(number))
    clock.seconds += LATEST_EVENT_SECONDS + 1
    assert not attendance.is_deaf(1)
