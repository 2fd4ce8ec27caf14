"""The day's tokens: in a ledger that a restart leaves as it is, and in the bot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from clock import Clock as Still

from alternator.alt_text.budget import (
    DAY_SECONDS,
    UNLIMITED,
    DailyBudget,
    LedgerInMemory,
    estimated,
)
from alternator.clock import Clock
from alternator.errors import EndpointError, StateError
from alternator.store.interface import Store
from alternator.store.opening import opened
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]


class Day(Clock):
    """A time of a test's own."""

    def __init__(self) -> None:
        self.at = 20_000.0 * DAY_SECONDS + 3600.0

    def now(self) -> float:
        return self.at


class Fragile(LedgerInMemory):
    """A ledger that can't be written at times."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False

    @property
    def days(self) -> dict[int, int]:
        return self._used

    def use_tokens(self, day: int, tokens: int) -> None:
        if self.broken:
            raise StateError("the disk is full")
        super().use_tokens(day, tokens)


class Mortal(LedgerInMemory):
    """A store whose process is killed: nothing is written from then on."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self.dead = False

    def reserve_tokens(self, day: int, tokens: int, limit: int) -> bool:
        return self._store.reserve_tokens(day, tokens, limit)

    def use_tokens(self, day: int, tokens: int) -> None:
        if not self.dead:
            self._store.use_tokens(day, tokens)


def spend(budget: DailyBudget, tokens: int, most: int = 10) -> None:
    with budget.spending(most) as spending:
        spending.tokens = tokens


def test_nothing_is_asked_once_an_answer_does_not_fit_any_more():
    clock, ledger = Day(), Fragile()
    budget = DailyBudget(100, ledger, clock)
    spend(budget, 60)
    spend(budget, 30)
    with pytest.raises(EndpointError) as caught:
        spend(budget, 1, most=11)
    assert caught.value.retry_after == DAY_SECONDS - 3600
    assert str(caught.value) == (
        "the 100 tokens of [vision] daily_tokens are used up for today; it is waited for the "
        "next day (UTC)"
    )
    spend(budget, 10)
    with pytest.raises(EndpointError):
        budget.check(1)
    clock.at += DAY_SECONDS - 3600
    budget.check(10)
    assert ledger.days == {20_000: 100}


def test_two_at_a_time_do_not_count_on_the_same_tokens():
    budget = DailyBudget(100, Fragile(), Day())
    with budget.spending(60):
        with pytest.raises(EndpointError):
            budget.check(60)
        budget.check(40)
    budget.check(60)  # the first one failed and cost nothing


def test_a_limit_below_one_answer_is_good_for_one():
    budget = DailyBudget(100, Fragile(), Day())
    spend(budget, 90, most=1500)
    with pytest.raises(EndpointError):
        budget.check(1500)


def test_what_can_t_be_written_down_counts_all_the_same():
    clock, ledger = Day(), Fragile()
    budget = DailyBudget(100, ledger, clock)
    with budget.spending(50) as spending:
        ledger.broken = True
        spending.tokens = 90
    assert ledger.days == {20_000: 50}
    with pytest.raises(EndpointError):
        budget.check(11)
    with pytest.raises(EndpointError, match="not known: the disk is full"):
        spend(budget, 5, most=10)
    ledger.broken = False
    with pytest.raises(EndpointError, match="used up"):
        spend(budget, 5, most=11)
    spend(budget, 10, most=10)
    assert ledger.days == {20_000: 100}


def test_what_can_t_be_given_back_yet_is_not_lost():
    ledger = Fragile()
    budget = DailyBudget(100, ledger, Day())
    with budget.spending(100):
        ledger.broken = True
    assert ledger.days == {20_000: 100}
    ledger.broken = False
    spend(budget, 30, most=100)
    assert ledger.days == {20_000: 30}


def test_workers_do_not_count_on_the_same_tokens(tmp_path: Path):
    """Each has a budget of its own, and one ledger."""
    with opened(tmp_path / "state", clock=Still()) as store:
        one, two = (DailyBudget(100, store, Day()) for _ in range(2))
        with one.spending(60) as spending:
            with pytest.raises(EndpointError):
                spend(two, 1, most=60)
            spend(two, 20, most=40)
            spending.tokens = 70
        assert store.tokens_used(20_000) == 90
        with pytest.raises(EndpointError):
            two.check(11)


def test_a_question_that_was_killed_stays_counted_at_its_longest(tmp_path: Path):
    with opened(tmp_path / "state", clock=Still()) as store:
        ledger = Mortal(store)
        with DailyBudget(100, ledger, Day()).spending(60):
            ledger.dead = True
    with opened(tmp_path / "state", clock=Still()) as store:
        assert store.tokens_used(20_000) == 60


def test_what_is_not_known_is_not_nothing(monkeypatch: pytest.MonkeyPatch):
    ledger = Fragile()

    def unreadable(day: int) -> int:
        raise StateError("the state is damaged")

    monkeypatch.setattr(ledger, "tokens_used", unreadable)
    with pytest.raises(EndpointError, match="the state is damaged"):
        DailyBudget(100, ledger, Day()).check(1)


def test_without_a_limit_nothing_is_asked_of_the_ledger():
    for _ in range(3):
        spend(UNLIMITED, 10**9)
    budget = DailyBudget(10, LedgerInMemory(), Day())
    spend(budget, 10, most=10)
    with pytest.raises(EndpointError):
        budget.check(10)


def test_the_store_keeps_it_over_a_restart(tmp_path: Path):
    for expected in (0, 150, 300):
        with opened(tmp_path / "state", clock=Still()) as store:
            assert store.tokens_used(20_000) == expected
            store.use_tokens(20_000, 100)
            store.use_tokens(20_000, 50)
            assert store.tokens_used(20_001) == 0


def test_an_endpoint_that_counts_nothing_is_reckoned_for():
    assert estimated(300, 2, 1500) == 100 + 2200 + 1500


@pytest.mark.parametrize("counts", [True, False])
def test_a_budget_that_runs_out_in_the_middle_of_a_post_leaves_it_whole(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, picture: Path, counts: bool
):
    post = server.post("Look, *both*", files=[picture, picture], spoiler_text="Rain")
    if not counts:
        answer = {"choices": [{"message": {"content": "A lake below the sky."}}]}
        vision.fail(status=200, body=answer, times=None)
    bot = make_bot(vision={"daily_tokens": 400, "max_tokens": 100})
    for _ in range(2):  # a restart does not fill it up
        bot.once()
        assert [text is None for text in server.descriptions(post["id"])] == [False, True]
        assert len(vision.requests()) == len(server.requests("PUT")) == 1
    after = server.status(post["id"])
    assert (after["content"], after["spoiler_text"]) == (post["content"], "Rain")
    assert [(state, attempts) for state, _, attempts in bot.rows()] == [
        ("described", 1),
        ("waiting", 0),
    ]
    assert "daily_tokens are used up for today" in bot.rows()[1][1]
    bot.clock._now += DAY_SECONDS
    bot.once()
    assert None not in server.descriptions(post["id"])
    assert server.status(post["id"])["content"] == post["content"]


def test_without_a_limit_nothing_is_written_down():
    ledger = Fragile()
    for limit, days in ((0, 0), (1000, 1)):
        with DailyBudget(limit, ledger, Day()).spending(10) as spending:
            spending.tokens = 5
        assert len(ledger.days) == days
