import logging
import time

import pytest

from alternator.bot.health import Health
from alternator.bot.outage import LONGEST_RATE_LIMIT_SECONDS, Outage, back_off
from alternator.errors import ServerError, TemporaryServerError
from alternator.stopping import Stop, Stopping


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def outage(health: Health, stop: Stop, caplog: pytest.LogCaptureFixture) -> Outage:
    caplog.set_level(logging.INFO, logger="alternator")
    return Outage(health, stop)


def test_an_outage_is_told_once_and_so_is_its_end(
    outage: Outage, health: Health, caplog: pytest.LogCaptureFixture
):
    outage.over()
    for _ in range(3):
        outage.met(TemporaryServerError("it is down"))
        assert health.server == "unreachable"
    outage.met(ServerError("it rejects the token"))
    assert health.server == "refusing"
    outage.over()
    outage.over()
    assert health.server == "reachable"
    assert [record.getMessage() for record in caplog.records] == [
        "it is down",
        "it rejects the token",
        "the server answers again",
    ]


def test_a_server_that_asks_to_wait_is_no_outage(
    outage: Outage, health: Health, caplog: pytest.LogCaptureFixture
):
    outage.over()
    outage.met(TemporaryServerError("it asks to wait 40 s", retry_after=40))
    outage.over()
    assert health.server == "reachable"
    assert [record.getMessage() for record in caplog.records] == ["it asks to wait 40 s"]


def test_a_wait_ends_as_soon_as_the_end_is_asked_for(outage: Outage, stop: Stop):
    stop.request()
    started = time.monotonic()
    with pytest.raises(Stopping):
        outage.wait(1, ServerError("it rejects the token"))
    assert time.monotonic() - started < 10


def test_waits_grow_to_a_minute_unless_the_server_names_one():
    failed = TemporaryServerError("down")
    assert [0.5 * 2**n <= back_off(n + 1, failed) <= 2**n for n in range(5)] == [True] * 5
    assert 30 <= back_off(100, failed) <= 60
    assert back_off(1, TemporaryServerError("busy", retry_after=7)) == 7
    assert back_off(1, ServerError("rejected")) == 60


def test_no_reset_of_a_rate_limit_is_believed_for_longer_than_an_hour():
    in_milliseconds = TemporaryServerError("busy", retry_after=1.8e12)
    assert back_off(1, in_milliseconds) == LONGEST_RATE_LIMIT_SECONDS == 3600
