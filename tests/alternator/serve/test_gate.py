"""Who is let in, and what the others are told."""

import pytest

from alternator.serve.errors import ApiError
from alternator.serve.gate import Gate
from alternator.serve.tokens import Client

ALICE = Client(name="alice", at_once=1)
BOB = Client(name="bob")


def test_each_client_and_all_together_have_a_limit() -> None:
    gate = Gate(2)
    with gate.entered(ALICE):
        with pytest.raises(ApiError, match="1 requests of this token") as own, gate.entered(ALICE):
            pass
        with gate.entered(BOB):
            assert gate.inside == 2
            with pytest.raises(ApiError, match="the server is full: 2") as full, gate.entered(BOB):
                pass
        assert gate.inside == 1
    assert (gate.inside, own.value.status, full.value.status) == (0, 429, 429)
    with gate.entered(ALICE):
        pass


def test_a_request_that_fails_leaves_too() -> None:
    gate = Gate(1)
    with pytest.raises(KeyError), gate.entered(ALICE):
        raise KeyError
    assert gate.inside == 0


def test_the_wait_is_about_as_long_as_a_request() -> None:
    gate = Gate(0)
    assert gate.wait == 1
    for _ in range(50):
        gate.took(7.5)
    assert gate.wait == 8
    for _ in range(50):
        gate.took(1000)
    assert gate.wait == 60
    with pytest.raises(ApiError, match="ask again in 60 s") as caught, gate.entered(BOB):
        pass
    assert caught.value.headers == {"Retry-After": "60"}


def test_a_server_that_stops_takes_no_more() -> None:
    gate = Gate(2)
    gate.closed = True
    with pytest.raises(ApiError, match="about to stop") as caught, gate.entered(BOB):
        pass
    assert caught.value.status == 503
