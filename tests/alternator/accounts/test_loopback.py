import threading

import pytest
import requests

from alternator.accounts.loopback import Loopback
from alternator.errors import ServerError


def get(address: str, **query: str) -> requests.Response:
    session = requests.Session()
    session.trust_env = False
    return session.get(address, params=query, timeout=5)


def test_the_code_is_taken_from_whom_knows_the_state():
    with Loopback("the-state") as loopback:
        assert get(loopback.redirect_uri, code="foreign").status_code == 404
        assert get(loopback.redirect_uri, code="foreign", state="guessed").status_code == 404
        assert get(f"{loopback.redirect_uri}/x", code="c", state="the-state").status_code == 404
        page = get(loopback.redirect_uri, code="the-code", state="the-state")
        assert "Alternator has what it needs" in page.text
        assert "the-code" not in page.text
        assert loopback.wait(1) == "the-code"


def test_a_no_is_said_with_its_reason():
    with Loopback("s") as loopback:
        page = get(loopback.redirect_uri, error="access_denied", state="s")
        assert "was not let in" in page.text
        with pytest.raises(ServerError, match=r"refused in the browser: access_denied"):
            loopback.wait(1)


def test_nobody_is_waited_for_without_an_end():
    with Loopback("s") as loopback, pytest.raises(ServerError, match="begin again"):
        loopback.wait(0.01)


def test_it_listens_on_this_machine_alone_and_no_longer_than_it_is_needed():
    before = threading.active_count()
    with Loopback("s") as loopback:
        assert loopback.redirect_uri.startswith("http://127.0.0.1:")
    with pytest.raises(requests.ConnectionError):
        get(loopback.redirect_uri)
    assert threading.active_count() == before
