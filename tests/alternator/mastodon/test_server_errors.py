import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import requests

from alternator.errors import EditRefusedError, GoneError, ServerError, TemporaryServerError
from alternator.mastodon.server_errors import RATE_LIMIT_SECONDS, of_code, of_response, reset_of

URL = "https://social.example"


def answer(code: int, reset: str | None) -> requests.Response:
    response = requests.Response()
    response.status_code = code
    if reset is not None:
        response.headers["X-RateLimit-Reset"] = reset
    return response


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (401, ServerError),
        (403, ServerError),
        (404, GoneError),
        (410, GoneError),
        (422, EditRefusedError),
        (429, TemporaryServerError),
        (500, TemporaryServerError),
        (503, TemporaryServerError),
    ],
)
def test_a_code_says_what_can_be_done(code: int, kind: type[ServerError]):
    error = of_code(URL, code)
    assert type(error) is kind
    assert str(error).startswith(f"{URL} ")


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
    assert reset_of(answer(429, reset)) == pytest.approx(1000, abs=60)


def test_a_clock_that_is_off_does_not_matter():
    response = answer(429, "2026-11-22T12:05:00Z")
    response.headers["Date"] = "Sun, 22 Nov 2026 12:00:00 GMT"
    assert reset_of(response) == 300
    response.headers["Date"] = "yesterday"
    far_off = datetime(2026, 11, 22, 12, 5, tzinfo=UTC).timestamp() - time.time()
    assert reset_of(response) == pytest.approx(far_off, abs=60)


@pytest.mark.parametrize("reset", [None, "", "soon", "²", "12 o'clock"])
def test_an_end_that_is_not_told_leaves_the_usual_wait(reset: str | None):
    error = of_response(URL, answer(429, reset))
    assert isinstance(error, TemporaryServerError)
    assert error.retry_after == RATE_LIMIT_SECONDS


def test_an_end_that_is_over_is_not_taken_for_none_at_all():
    error = of_response(URL, answer(429, str(int(time.time()) - 5)))
    assert isinstance(error, TemporaryServerError)
    assert error.retry_after == 1.0


def test_an_end_beyond_all_numbers_is_no_defect():
    error = of_response(URL, answer(429, "9" * 400))
    assert isinstance(error, TemporaryServerError)
