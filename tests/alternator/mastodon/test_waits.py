import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from alternator.mastodon.waits import LONGEST_LIMIT_SECONDS, wait_of

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Answer:
    headers: Mapping[str, str]


def answer(reset: str | None = None, retry: str | None = None, date: str | None = None) -> Answer:
    named = {"X-RateLimit-Reset": reset, "Retry-After": retry, "Date": date}
    return Answer(headers={name: value for name, value in named.items() if value is not None})


@pytest.mark.parametrize(
    "written",
    [
        lambda moment: str(int(moment.timestamp())),
        lambda moment: moment.isoformat(),
        lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    ],
    ids=["Unix time", "with an offset", "with Z"],
)
def test_the_end_of_a_rate_limit_is_read_as_servers_write_it(written: Callable[[datetime], str]):
    reset = written(datetime.fromtimestamp(time.time() + 1000, UTC))
    assert wait_of(answer(reset)) == pytest.approx(1000, abs=60)


def test_a_clock_that_is_off_does_not_matter():
    date = format_datetime(NOON, usegmt=True)
    assert wait_of(answer("2026-11-22T12:05:00Z", date=date)) == 300


@pytest.mark.parametrize("reset", [None, "", "soon", "²", "12 o'clock", "9" * 400])
def test_what_is_no_moment_is_no_wait(reset: str | None):
    assert wait_of(answer(reset)) is None


@pytest.mark.parametrize("seconds", [-5, 0, 10 * 365 * 86400, 1e12])
def test_a_reset_that_can_not_be_true_is_not_believed(seconds: float):
    """Long over, so the answer is old or a clock is off; years ahead; in milliseconds."""
    moment = str(int(NOON.timestamp() + seconds))
    assert wait_of(answer(moment, date=format_datetime(NOON, usegmt=True))) is None


def test_retry_after_goes_before_the_reset():
    date = format_datetime(NOON, usegmt=True)
    reset = "2026-11-22T12:05:00Z"
    assert wait_of(answer(reset, "7", date)) == 7
    moment = format_datetime(NOON.replace(minute=1), usegmt=True)
    assert wait_of(answer(reset, moment, date)) == 60
    assert wait_of(answer(retry="30")) == 30


@pytest.mark.parametrize("retry", ["-1", "0", "soon", "", "1e3", "9" * 400, str(10**9), "٣"])
def test_a_retry_after_that_can_not_be_true_leaves_the_reset(retry: str):
    date = format_datetime(NOON, usegmt=True)
    found = wait_of(answer("2026-11-22T12:05:00Z", retry, date))
    assert found in (300, 3)
    assert found is not None and found <= LONGEST_LIMIT_SECONDS
