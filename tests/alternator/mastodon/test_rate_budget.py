from datetime import UTC, datetime

import pytest
from clock import Clock

from alternator.mastodon.rate_budget import (
    LAST_FEW,
    LONGEST_RATE_LIMIT_SECONDS,
    LONGEST_UNTOLD_SECONDS,
    MOST_UNTOLD_EDITS,
    PAST_RESET_SECONDS,
    USUAL_WINDOW_SECONDS,
    RateBudget,
)
from alternator.web.session import Answer


def answer(code: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=code, headers=named, content=b"", url="https://social.example")


def reset(seconds: float) -> str:
    return datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC).isoformat()


@pytest.fixture
def budget(clock: Clock) -> RateBudget:
    return RateBudget(clock)


def test_as_long_as_something_is_left_nobody_waits(budget: RateBudget):
    budget.heard(
        "read", answer(200, **{"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": reset(60)})
    )
    budget.heard("edit", answer())
    assert budget.seconds_left("read") == budget.seconds_left("edit") == 0.0


@pytest.mark.parametrize("code", [200, 429])
def test_a_budget_that_is_spent_is_waited_for_past_its_reset(
    budget: RateBudget, clock: Clock, code: int
):
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(60)}
    wait = budget.heard("read", answer(code, **spent))
    left = budget.seconds_left("read")
    assert wait == pytest.approx(left)
    assert left == pytest.approx(60 + PAST_RESET_SECONDS, abs=1)
    assert budget.seconds_left("edit") == 0.0
    clock.now += left
    assert budget.seconds_left("read") == 0.0


def test_an_answer_that_came_through_ends_the_wait(budget: RateBudget):
    budget.heard("read", answer(429, **{"X-RateLimit-Reset": reset(60)}))
    assert budget.heard("read", answer(200, **{"X-RateLimit-Remaining": "299"})) is None
    assert budget.seconds_left("read") == 0.0


def test_refusals_that_name_no_time_are_waited_for_longer_each_time(
    budget: RateBudget, clock: Clock
):
    stale = {"X-RateLimit-Reset": reset(-60)}
    for seconds in (10, 20, 40, 80):
        assert budget.heard("edit", answer(429, **stale)) == seconds + PAST_RESET_SECONDS
    for _ in range(20):
        budget.heard("edit", answer(429))
    assert budget.seconds_left("edit") == LONGEST_UNTOLD_SECONDS + PAST_RESET_SECONDS
    budget.heard("edit", answer())
    assert budget.heard("edit", answer(429)) == 10 + PAST_RESET_SECONDS


def test_an_answer_without_a_credible_reset_is_believed_nothing(budget: RateBudget):
    budget.heard("read", answer(200, **{"X-RateLimit-Remaining": "0"}))
    for seconds in (-60, 10 * 365 * 86400):
        spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset(seconds)}
        budget.heard("edit", answer(200, **spent))
        assert budget.seconds_left("edit") == 0.0
    assert budget.seconds_left("read") == 0.0


def test_a_limit_of_hours_is_asked_about_again_after_one(budget: RateBudget):
    budget.heard("edit", answer(429, **{"X-RateLimit-Reset": reset(3 * 3600)}))
    assert budget.seconds_left("edit") == LONGEST_RATE_LIMIT_SECONDS + PAST_RESET_SECONDS


def test_retry_after_is_kept_to(budget: RateBudget):
    budget.heard("read", answer(429, **{"Retry-After": "90", "X-RateLimit-Reset": reset(-60)}))
    assert budget.seconds_left("read") == 90 + PAST_RESET_SECONDS


def told(remaining: int, limit: int = 300, *, code: int = 200, seconds: float = 60) -> Answer:
    named = {"Limit": str(limit), "Remaining": str(remaining), "Reset": reset(seconds)}
    return answer(code, **{f"X-RateLimit-{name}": value for name, value in named.items()})


def test_older_posts_leave_the_author_a_third(budget: RateBudget, clock: Clock):
    budget.heard("edit", told(101))
    assert budget.reserve_left() == 0
    budget.heard("edit", told(100))
    assert budget.reserve_left() == pytest.approx(60 + PAST_RESET_SECONDS, abs=1)
    assert budget.seconds_left("edit") == 0
    # What other requests are told of is another limit, and an error tells of none.
    budget.heard("read", told(299))
    budget.heard("edit", answer(502))
    assert budget.reserve_left() > 59
    clock.now += 62
    assert budget.reserve_left() == 0


def test_a_limit_that_is_far_again_ends_the_reserve(budget: RateBudget):
    budget.heard("edit", told(50))
    budget.heard("edit", told(299))
    assert budget.reserve_left() == 0


def test_new_posts_leave_the_last_few(budget: RateBudget):
    budget.heard("edit", told(LAST_FEW + 1))
    assert budget.seconds_left("edit") == 0
    budget.heard("edit", told(LAST_FEW))
    assert budget.seconds_left("edit") > 59
    # Of a small limit fewer; and none of what is only read.
    budget.heard("edit", told(2, 10))
    assert budget.seconds_left("edit") == 0
    budget.heard("edit", told(1, 10))
    assert budget.seconds_left("edit") > 59
    budget.heard("read", told(1))
    assert budget.seconds_left("read") == 0


def test_a_reserve_without_a_credible_reset_is_asked_about_again(budget: RateBudget):
    budget.heard("edit", told(50, seconds=-60))
    assert budget.reserve_left() == LONGEST_RATE_LIMIT_SECONDS + PAST_RESET_SECONDS


def test_where_nothing_is_told_edits_are_counted(budget: RateBudget, clock: Clock):
    for _ in range(MOST_UNTOLD_EDITS - 1):
        budget.heard("edit", answer())
        clock.now += 10
    assert budget.reserve_left() == 0
    budget.heard("edit", answer())
    # Until the first of them is out of the window: never more than so many within it.
    left = USUAL_WINDOW_SECONDS - 10 * (MOST_UNTOLD_EDITS - 1)
    assert budget.reserve_left() == left
    clock.now += left
    assert budget.reserve_left() == 0
    budget.heard("edit", answer())
    assert budget.reserve_left() == 10


@pytest.mark.parametrize("text", ["", "many", "-1", "²", "9" * 5000])
def test_what_is_no_number_tells_nothing(budget: RateBudget, text: str):
    named = {"X-RateLimit-Limit": text, "X-RateLimit-Remaining": text}
    budget.heard("edit", answer(200, **named))
    assert budget.reserve_left() == budget.seconds_left("edit") == 0
