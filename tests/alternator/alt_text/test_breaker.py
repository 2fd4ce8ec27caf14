import pytest

from alternator.alt_text.breaker import COURTESY_SECONDS, LONGEST_WAIT_SECONDS, Breaker
from alternator.alt_text.endpoint import Kind, TroubleError
from alternator.clock import Clock
from alternator.errors import EndpointError

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
