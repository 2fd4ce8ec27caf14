import logging
from datetime import UTC, datetime

import pytest

from alternator.accounts.health import AccountHealth, ServerReport
from alternator.errors import ServerError, TemporaryServerError

DOWN = TemporaryServerError("it is down")


class Now:
    """A time that is moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def health(now: Now, caplog: pytest.LogCaptureFixture) -> AccountHealth:
    caplog.set_level(logging.INFO, logger="alternator")
    return AccountHealth(now)


def test_at_first_nothing_is_known(health: AccountHealth):
    assert health.report == ServerReport(state="unknown", since=None, trouble="")
    assert not health.report.failing


def test_an_outage_is_told_once_and_so_is_its_end(
    health: AccountHealth, caplog: pytest.LogCaptureFixture
):
    health.recovered()
    for _ in range(3):
        health.failed(DOWN)
        assert health.report.state == "unreachable"
    health.failed(ServerError("it rejects the token"))
    assert health.report.state == "refusing"
    health.recovered()
    health.recovered()
    assert health.report.state == "reachable"
    assert [record.getMessage() for record in caplog.records] == [
        "it is down",
        "it rejects the token",
        "the server answers again",
    ]


def test_it_is_known_since_when_and_what_failed(health: AccountHealth, now: Now):
    began = now.moment
    health.failed(DOWN)
    now.moment = datetime(2026, 11, 28, 13, 0, tzinfo=UTC)
    health.failed(TemporaryServerError("it is still down"))
    assert health.report == ServerReport(state="unreachable", since=began, trouble="it is down")
    assert health.report.failing
    health.recovered()
    assert health.report == ServerReport(state="reachable", since=now.moment, trouble="")


def test_a_server_that_asks_to_wait_is_no_outage(
    health: AccountHealth, caplog: pytest.LogCaptureFixture
):
    health.recovered()
    health.failed(TemporaryServerError("it asks to wait 40 s", retry_after=40))
    health.recovered()
    assert health.report.state == "reachable"
    assert [record.getMessage() for record in caplog.records] == ["it asks to wait 40 s"]
