import pytest
import requests

from alternator.web.credentials import BearerToken, without_user


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@host.example/v1", "https://host.example/v1"),
        ("https://user@host.example:8080/v1", "https://host.example:8080/v1"),
        ("https://a@b@host.example/v1", "https://host.example/v1"),
        ("https://host.example/v1/@x", "https://host.example/v1/@x"),
        ("https://user:w@[::1]:3000", "https://[::1]:3000"),
        ("http://[broken", ""),
    ],
)
def test_an_address_is_shown_without_its_user(url: str, shown: str) -> None:
    assert without_user(url) == shown


def test_a_token_goes_into_a_header() -> None:
    request = requests.Request("GET", "https://host.example", auth=BearerToken("word")).prepare()
    assert request.headers["Authorization"] == "Bearer word"
