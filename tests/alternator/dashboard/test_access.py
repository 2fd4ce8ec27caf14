import pytest

from alternator.dashboard.access import COOKIE, SESSION_SECONDS, Access, is_same_origin

ACCESS = Access(token="a-token-of-some-length", names=("Alt.example.org",))
NOW = 1_000_000.0


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8766",
        "127.0.0.1:1",
        "[::1]:8766",
        "192.168.1.7",
        "ALT.example.org",
    ],
)
def test_addresses_and_known_names_are_let_in(host: str):
    assert ACCESS.is_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "[::1", "x@localhost:x"],
)
def test_no_other_name_is(host: str):
    assert not ACCESS.is_host(host)


def test_a_session_is_of_one_token_and_ends():
    value = ACCESS.session(NOW)
    assert "a-token" not in value
    cookie = f"other=1; {COOKIE}={value}"
    assert ACCESS.is_known(cookie, NOW + SESSION_SECONDS - 1)
    assert not ACCESS.is_known(cookie, NOW + SESSION_SECONDS)
    assert not Access(token="another-token-of-some-length").is_known(cookie, NOW)
    assert not Access(token=None).is_known(cookie, NOW)


@pytest.mark.parametrize(
    "value", ["", ".", "..", "9999999999..", "9999999999.a.b", "9" * 40 + ".a.b", "é.a.b", "x.y.z"]
)
def test_a_cookie_that_was_made_up_is_none(value: str):
    assert not ACCESS.is_known(f"{COOKIE}={value}", NOW)
    longer, _, rest = ACCESS.session(NOW).partition(".")
    assert not ACCESS.is_known(f"{COOKIE}={int(longer) + 1}.{rest}", NOW)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "a-token-of-some-length"])
def test_a_bearer_token_that_is_none(header: str | None):
    assert not ACCESS.brings_token(header)
    assert ACCESS.brings_token("bearer a-token-of-some-length")


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8766", "localhost:8766", True),
        ("https://alt.example.org", "alt.example.org", True),
        ("http://localhost:1", "localhost:8766", False),
        ("null", "localhost:8766", False),
        (None, "localhost:8766", False),
        ("http://", "", False),
        ("http://[", "localhost", False),
    ],
)
def test_the_same_origin(origin: str | None, host: str, same: bool):
    assert is_same_origin(origin, host) is same
