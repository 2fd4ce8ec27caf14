import json

import pytest
import requests

from alternator.errors import (
    EditRefusedError,
    ForbiddenError,
    GoneError,
    RedirectedError,
    ServerError,
    TemporaryServerError,
    TokenRefusedError,
    UnexpectedAnswerError,
)
from alternator.mastodon.server_errors import (
    LONGEST_REASON,
    busy,
    has_cause,
    of_answer,
    of_code,
    own_words,
    unreachable,
)
from alternator.web.session import Answer

URL = "https://social.example"


def answer(code: int, body: object = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=code, headers=named, content=content, url=URL)


OWN = [
    (400, EditRefusedError),
    (401, TokenRefusedError),
    (403, ForbiddenError),
    (404, GoneError),
    (410, GoneError),
    (422, EditRefusedError),
]


@pytest.mark.parametrize(("code", "kind"), OWN)
def test_the_servers_own_word_is_taken_for_what_it_says(code: int, kind: type[ServerError]):
    error = of_answer(URL, answer(code, {"error": "Record not found"}))
    assert type(error) is kind
    assert str(error).startswith(f"{URL} ")


@pytest.mark.parametrize(
    "body",
    [b"404 page not found\n", b"<html>", b"", {}, [], {"error": ""}, {"message": "gone"}, b'{"er'],
    ids=str,
)
@pytest.mark.parametrize("code", [code for code, _ in OWN])
def test_what_stands_before_the_server_decides_nothing(code: int, body: object):
    # An ingress says "404 page not found" while the server behind it restarts.
    error = of_answer(URL, answer(code, body))
    assert type(error) is UnexpectedAnswerError
    assert f"HTTP {code}" in str(error)


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504, 530])
@pytest.mark.parametrize("body", [b"<html>", {"error": "busy"}])
def test_what_may_pass_is_so_whoever_says_it(code: int, body: object):
    error = of_answer(URL, answer(code, body))
    assert type(error) is TemporaryServerError
    assert type(of_code(URL, code)) is TemporaryServerError


def test_the_reason_of_a_refusal_is_told_on_one_line():
    said = "Validation failed: Text\nlimit of 500\x1b[31m exceeded \u202e" + "x" * 1000
    error = of_answer(URL, answer(422, {"error": said}))
    assert "(it says: Validation failed: Text limit of 500 [31m exceeded xxx" in str(error)
    assert len(str(error)) < LONGEST_REASON + 150
    assert str(error).isprintable()
    # Misskey's forks put an object there: it is the server's, and says nothing here.
    assert own_words(answer(422, {"error": {"code": "NO"}})) == ""
    assert "it says" not in str(of_answer(URL, answer(422, {"error": {"code": "NO"}})))


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("https://user:word@other.example/api?token=1", "https://other.example"),
        ("/login", "elsewhere"),
        ("", "elsewhere"),
        ("https://[", "elsewhere"),
        ("https://a\nb.example/", "https://ab.example"),
    ],
)
def test_a_redirect_is_told_by_its_host_alone(location: str, where: str):
    error = of_answer(URL, answer(302, b"", Location=location))
    assert type(error) is RedirectedError
    assert f"redirects to {where} (HTTP 302)" in str(error)


def test_a_server_that_is_being_mended_may_say_until_when():
    error = of_answer(URL, answer(503, b"<html>", Retry_After="120"))
    assert isinstance(error, TemporaryServerError)
    assert error.retry_after == 120
    error = of_answer(URL, answer(503, b"<html>", Retry_After="soon"))
    assert isinstance(error, TemporaryServerError)
    assert error.retry_after is None


def test_a_rate_limit_is_never_waited_for_less_than_a_second():
    assert busy(URL, 0.01).retry_after == 1.0
    assert busy(URL, None).retry_after == 10.0
    assert busy(URL, 75.0).retry_after == 75.0


def test_why_there_was_no_answer_is_told():
    late = requests.ConnectionError()
    late.__cause__ = requests.Timeout()
    assert has_cause(late, requests.Timeout)
    assert not has_cause(late, ValueError)
    assert "(no answer in time)" in str(unreachable(URL, late))
    assert "(no connection)" in str(unreachable(URL, requests.ConnectionError()))
    assert "certificate" in str(unreachable(URL, requests.exceptions.SSLError()))
