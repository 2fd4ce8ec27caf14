import pytest

from alternator.alt_text.breaker import (
    COURTESY_SECONDS,
    LONGEST_WAIT_SECONDS,
    TELL_SECONDS,
    Breaker,
)
from alternator.alt_text.endpoint import Kind, TroubleError
from alternator.clock import Clock
from alternator.errors import EndpointError, TemporaryStateError

BUSY = TroubleError("busy", Kind(certain=True), retry_after=7200.0)
BROKEN = TroubleError("broken", Kind())
REFUSED = TroubleError("refused", Kind(closes=False))


class Time(Clock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = 0.0

    def monotonic(self) -> float:
        return self.moment


@pytest.fixture
def life() -> Time:
    return Time()


@pytest.fixture
def breaker(life: Time) -> Breaker:
    return Breaker("pictures", clock=life)


def wait_of(error: Exception) -> float:
    assert isinstance(error, EndpointError)
    assert error.retry_after is not None
    return error.retry_after


def test_waits_grow_and_end(breaker: Breaker, life: Time) -> None:
    waits = []
    for turn in range(12):
        waits.append(wait_of(breaker.failed(f"picture {turn}", BROKEN)))
        life.moment += waits[-1]
        breaker.check(f"picture {turn + 1}")
    assert waits[0] <= 15
    assert waits[5] > 10 * waits[0]
    assert max(waits) <= LONGEST_WAIT_SECONDS
    assert len(set(waits)) == len(waits)  # many bots don't come back at once


def test_what_is_asked_for_is_waited_within_bounds(breaker: Breaker) -> None:
    assert wait_of(breaker.failed("a", BUSY)) == 3600


def test_a_bad_picture_lets_others_go_first(breaker: Breaker, life: Time) -> None:
    for _ in range(2):
        life.moment += wait_of(breaker.failed("bad", BROKEN))
        breaker.check("bad")  # the first time it may have been the endpoint
    breaker.failed("bad", BROKEN)
    with pytest.raises(EndpointError) as refused:
        breaker.check("good")
    life.moment += wait_of(refused.value)
    with pytest.raises(EndpointError):
        breaker.check("bad")
    breaker.check("good")
    breaker.answered("good")
    breaker.check("bad")
    charged = breaker.failed("bad", BROKEN)
    assert not isinstance(charged, EndpointError)
    breaker.check("good")


def test_a_bad_picture_does_not_wait_for_ever_for_others(breaker: Breaker, life: Time) -> None:
    for _ in range(3):
        life.moment += 700
        breaker.failed("bad", BROKEN)
    with pytest.raises(EndpointError):
        breaker.check("good")
    life.moment += LONGEST_WAIT_SECONDS + COURTESY_SECONDS
    breaker.check("bad")


def test_a_refused_request_stops_no_other(breaker: Breaker) -> None:
    assert isinstance(breaker.failed("bad", REFUSED), EndpointError)
    breaker.check("good")
    breaker.answered("good")
    assert not isinstance(breaker.failed("bad", REFUSED), EndpointError)
    # Charged once for each time that others were answered meanwhile.
    assert isinstance(breaker.failed("bad", REFUSED), EndpointError)


def test_a_busy_endpoint_is_never_the_pictures_fault(breaker: Breaker) -> None:
    breaker.failed("a", BUSY)
    breaker.answered("b")
    assert isinstance(breaker.failed("a", BUSY), EndpointError)
    breaker.check("b")  # it answered others since, so they need not wait


class Waiting:
    """What waits for an endpoint: ``answers`` come, or errors; 0 from then on."""

    def __init__(self, *answers: int | Exception) -> None:
        self.answers = list(answers)
        self.told = 0

    def __call__(self) -> int:
        self.told += 1
        answer = self.answers.pop(0) if self.answers else 0
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_what_waits_is_told_when_the_endpoint_answers_again(life: Time) -> None:
    waiting = Waiting(0, 7, 7)
    breaker = Breaker("pictures", clock=life, answers_again=waiting)
    breaker.answered("a")
    assert waiting.told == 1  # some may wait since an earlier start
    breaker.answered("b")
    assert waiting.told == 1
    breaker.failed("c", BROKEN)
    breaker.answered("d")
    breaker.answered("e")
    assert waiting.told == 2


def test_an_endpoint_that_fails_by_turns_does_not_have_everything_tried_each_time(
    life: Time,
) -> None:
    waiting = Waiting(0, 7, 7)
    breaker = Breaker("pictures", clock=life, answers_again=waiting)
    for turn in range(20):
        breaker.failed(f"bad {turn}", BUSY)
        breaker.answered(f"good {turn}")
    assert waiting.told == 2
    life.moment += TELL_SECONDS
    breaker.answered("a")
    assert waiting.told == 3


def test_what_waits_is_told_later_where_that_can_not_be_written_down(life: Time) -> None:
    waiting = Waiting(TemporaryStateError("locked"), 7)
    breaker = Breaker("pictures", clock=life, answers_again=waiting)
    breaker.answered("a")
    breaker.answered("b")
    breaker.answered("c")
    assert waiting.told == 2
