"""The server that tests run in their own process."""

import pytest

from sandbox.errors import RefusedError
from sandbox.server import SandboxServer


def test_two_servers_are_strangers(picture):
    with SandboxServer() as one, SandboxServer() as other:
        one.post("x", files=[picture])
        assert (len(one.statuses()), len(other.statuses())) == (1, 0)
        folder = one.sandbox.store.folder
        assert folder.exists()
    assert not folder.exists()


def test_wait_until_described(server, picture):
    status = server.post("x", files=[picture, picture], descriptions=["one", "two"])
    assert server.wait_until_described(status["id"]) == ["one", "two"]
    bare = server.post("x", files=[picture])
    with pytest.raises(TimeoutError, match="None"):
        server.wait_until_described(bare["id"], seconds=0.1)


def test_describe_changes_nothing_else(server, picture):
    status = server.post("x", files=[picture], spoiler_text="cw", language="de")
    described = server.describe(status["id"], ["blue"])
    assert server.descriptions(status["id"]) == ["blue"]
    same = ("content", "spoiler_text", "sensitive", "language")
    assert {key: described[key] for key in same} == {key: status[key] for key in same}


def test_fields_are_checked_as_those_of_a_request(server):
    with pytest.raises(RefusedError, match="Visibility"):
        server.post("x", visibility="secret")
    status = server.post("x", poll={"options": ["tea", "coffee"], "expires_in": 300})
    assert [option["title"] for option in status["poll"]["options"]] == ["tea", "coffee"]


def test_a_spent_rate_limit_is_the_tokens_own(connect, server):
    server.exhaust_rate_limit(60, token="neighbour")
    for token, expected in (("neighbour", 429), ("sandbox", 200)):
        assert connect(server.url, token)("GET", "/api/v1/instance").status_code == expected


def test_a_fault_tells_how_often_it_is_left(api, server):
    fault = server.fail("/api/v1/instance", status=503, times=2)
    assert api("GET", "/api/v1/instance").status_code == 503
    assert fault.times == 1
