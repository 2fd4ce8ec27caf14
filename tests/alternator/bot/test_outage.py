import logging
import time

import pytest
from fast_clock import FastClock

from alternator.accounts.health import AccountHealth
from alternator.bot.outage import ask_until_reachable, back_off
from alternator.bot.progress import BotProgress
from alternator.errors import ServerError, TemporaryServerError, UnreachableError
from alternator.mastodon.rate_budget import LONGEST_RATE_LIMIT_SECONDS
from alternator.stopping import Stop, Stopping


class Answers:
    """A question that is answered by one thing after the other."""

    def __init__(self, *to_come: str | ServerError) -> None:
        self.to_come = list(to_come)

    def __call__(self) -> str:
        result = self.to_come.pop(0)
        if isinstance(result, ServerError):
            raise result
        return result


@pytest.fixture
def health(caplog: pytest.LogCaptureFixture) -> AccountHealth:
    caplog.set_level(logging.INFO, logger="alternator")
    return AccountHealth()


DOWN = TemporaryServerError("it is down")


def test_a_server_is_asked_until_it_answers(
    health: AccountHealth, caplog: pytest.LogCaptureFixture
):
    clock = FastClock(speed=1000.0)
    ask = Answers(DOWN, DOWN, DOWN, "welcome")
    started = clock.monotonic()
    assert ask_until_reachable(ask, health, BotProgress(Stop(clock))) == "welcome"
    assert clock.monotonic() - started >= 0.5 + 1 + 2
    assert health.report.state == "reachable"
    assert [record.getMessage() for record in caplog.records] == [
        "it is down",
        "the server answers again",
    ]


def test_one_that_is_not_waited_for_is_asked_once(health: AccountHealth):
    ends = (TemporaryServerError,)
    with pytest.raises(TemporaryServerError):
        ask_until_reachable(Answers(DOWN), health, BotProgress(Stop()), ends=ends)


def test_one_whose_address_may_be_wrong_is_not_waited_for(health: AccountHealth):
    clock = FastClock(speed=1000.0)
    ask = Answers(DOWN, UnreachableError("there is no such name"))
    with pytest.raises(UnreachableError):
        ask_until_reachable(ask, health, BotProgress(Stop(clock)), ends=(UnreachableError,))


def test_a_refusal_is_not_asked_again(health: AccountHealth):
    refused = ServerError("it rejects the token")
    with pytest.raises(ServerError, match="it rejects the token"):
        ask_until_reachable(Answers(refused), health, BotProgress(Stop()))


def test_a_wait_ends_as_soon_as_the_end_is_asked_for(health: AccountHealth):
    stop = Stop()
    stop.request()
    started = time.monotonic()
    with pytest.raises(Stopping):
        ask_until_reachable(Answers(DOWN), health, BotProgress(stop))
    assert time.monotonic() - started < 10


def test_waits_grow_to_a_minute_unless_the_server_names_one():
    assert [0.5 * 2**n <= back_off(n + 1, DOWN) <= 2**n for n in range(5)] == [True] * 5
    assert 30 <= back_off(100, DOWN) <= 60
    assert back_off(1, TemporaryServerError("busy", retry_after=7)) == 7
    assert back_off(1, ServerError("rejected")) == 60


def test_no_reset_of_a_rate_limit_is_believed_for_longer_than_an_hour():
    in_milliseconds = TemporaryServerError("busy", retry_after=1.8e12)
    assert back_off(1, in_milliseconds) == LONGEST_RATE_LIMIT_SECONDS == 3600
