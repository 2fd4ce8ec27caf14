from datetime import UTC, datetime

import pytest
import requests
from clock import Clock

from alternator.mastodon.rate_budget import (
    LONGEST_RATE_LIMIT_SECONDS,
    PAST_RESET_SECONDS,
    RateBudget,
)


def answer(code: int = 200, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = code
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def reset(seconds: float) -> str:
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC).isoformat()


@pytest.fixture
def budget(clock: Clock) -> RateBudget:
    return RateBudget(clock)


def test_as_long_as_something_is_left_nobody_waits(budget: RateBudget):
    budget.heard("read", answer(X_RateLimit_Remaining="1", X_RateLimit_Reset=reset(60)))
    budget.heard("edit", answer())
    assert budget.seconds_left("read") == budget.seconds_left("edit") == 0.0


@pytest.mark.parametrize("code", [200, 429])
def test_a_budget_that_is_spent_is_waited_for_past_its_reset(
    budget: RateBudget, clock: Clock, code: int
):
    budget.heard("read", answer(code, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset(60)))
    left = budget.seconds_left("read")
    assert left == pytest.approx(60 + PAST_RESET_SECONDS, abs=1)
    assert budget.seconds_left("edit") == 0.0
    clock.now += left
    assert budget.seconds_left("read") == 0.0


def test_an_answer_that_came_through_ends_the_wait(budget: RateBudget):
    budget.heard("read", answer(429, X_RateLimit_Reset=reset(60)))
    budget.heard("read", answer(X_RateLimit_Remaining="299"))
    assert budget.seconds_left("read") == 0.0


def test_a_refusal_that_names_no_time_is_waited_for_a_little(budget: RateBudget):
    budget.heard("edit", answer(429))
    assert budget.seconds_left("edit") == 10 + PAST_RESET_SECONDS


def test_an_answer_without_a_reset_is_believed_nothing(budget: RateBudget):
    budget.heard("read", answer(X_RateLimit_Remaining="0"))
    budget.heard("edit", answer(X_RateLimit_Remaining="0", X_RateLimit_Reset=reset(-60)))
    assert budget.seconds_left("read") == budget.seconds_left("edit") == 0.0


def test_a_reset_that_lies_years_ahead_is_believed_for_an_hour(budget: RateBudget):
    budget.heard("read", answer(429, X_RateLimit_Reset=reset(10 * 365 * 86400)))
    assert budget.seconds_left("read") == LONGEST_RATE_LIMIT_SECONDS + PAST_RESET_SECONDS
