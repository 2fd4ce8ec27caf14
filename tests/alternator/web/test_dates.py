from datetime import UTC, datetime

import pytest
from requests.structures import CaseInsensitiveDict

from alternator.web.dates import clock_of, date_of, retry_after_of
from alternator.web.session import Answer

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"


def answer(**headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(
        status=503, headers=CaseInsensitiveDict(named), content=b"", url="https://host.example"
    )


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("12", 12),
        (" 12 ", 12),
        ("Wed, 21 Oct 2015 07:28:10 GMT", 10),
        ("Wed, 21 Oct 2015 07:27:00 GMT", -60),
        ("soon", None),
        ("", None),
        ("²", None),
        ("-1", None),
        ("9" * 400, None),
    ],
)
def test_a_time_to_wait_comes_in_seconds_or_as_a_date(written: str, seconds: float | None) -> None:
    """A date is by the server's clock."""
    assert retry_after_of(answer(Retry_After=written, Date=DATE)) == seconds


def test_where_nothing_is_asked_for_there_is_no_wait() -> None:
    assert retry_after_of(answer()) is None


def test_without_the_servers_clock_ours_serves() -> None:
    assert clock_of(answer(Date=DATE)) == date_of(DATE) == datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    for other in (answer(), answer(Date="yesterday")):
        assert abs((clock_of(other) - datetime.now(UTC)).total_seconds()) < 60
