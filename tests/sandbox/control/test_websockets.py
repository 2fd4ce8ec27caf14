import pytest
from waiting import wait_for
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

from sandbox.server import SandboxServer

PATH = "/api/v1/streaming"
BEARER = {"Authorization": "Bearer sandbox"}


def open_socket(server: SandboxServer, *, timeout: float = 10.0):
    url = server.url.replace("http", "ws", 1) + f"{PATH}?stream=user&access_token=sandbox"
    return connect(url, additional_headers=BEARER, open_timeout=timeout)


def test_requests_for_websockets_are_in_the_log_without_their_token(server):
    with open_socket(server):
        (request,) = server.requests(method="GET", path=PATH)
    assert (request["answer"], request["authorized"]) == (101, True)
    assert request["query"] == {"stream": "user"}


def test_a_fault_answers_in_place_of_the_handshake(server):
    server.fail(PATH, status=503, headers={"Retry-After": "7"})
    with pytest.raises(InvalidStatus) as caught, open_socket(server):
        pass
    assert caught.value.response.status_code == 503
    assert caught.value.response.headers["Retry-After"] == "7"
    with open_socket(server):
        assert [r["answer"] for r in server.requests(path=PATH)] == [503, 101]


def test_a_dropped_one_gets_no_answer(server):
    server.fail(PATH, drop=True)
    with pytest.raises(InvalidHandshake), open_socket(server):
        pass


def test_a_hanging_one_waits_until_its_client_goes(server):
    server.fail(PATH, hang=True)
    with pytest.raises(TimeoutError), open_socket(server, timeout=0.2):
        pass
    wait_for(lambda: not server.server.server_state.connections)


def test_a_late_one_is_opened(server):
    server.fail(PATH, delay=0.05)
    with open_socket(server) as socket:
        assert socket.ping().wait(10)
