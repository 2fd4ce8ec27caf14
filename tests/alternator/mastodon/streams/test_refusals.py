import pytest

from alternator.errors import TemporaryServerError
from alternator.mastodon.streams.refusals import refusal


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 405, 406, 410, 426, 501])
def test_what_says_that_there_is_no_such_stream(status: int):
    assert not isinstance(refusal("https://social.example", status), TemporaryServerError)


@pytest.mark.parametrize("status", [204, 408, 425, 429, 500, 502, 503, 504, 530])
def test_what_may_pass(status: int):
    assert isinstance(refusal("https://social.example", status), TemporaryServerError)


def test_it_names_the_address_and_the_answer():
    assert str(refusal("https://social.example", 404)) == (
        "https://social.example is no stream of events (HTTP 404)"
    )
