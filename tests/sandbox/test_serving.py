"""Serving from a thread of the test's process."""

import socket
import time
from http.client import HTTPConnection

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sandbox.serving import AppServer


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


@pytest.fixture
def app() -> Starlette:
    return Starlette(routes=[Route("/", hello)])


def test_it_answers_while_the_block_runs(app):
    with AppServer(app) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert requests.get(server.url, timeout=5).text == "hello"
    assert not server.thread.is_alive()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=5)


def test_its_port_is_free_again_at_once(app):
    with AppServer(app) as server:
        port = server.port
    with AppServer(app, port=port) as again:
        assert again.port == port
        assert requests.get(again.url, timeout=5).text == "hello"


def test_an_answer_is_sent_at_once(app):
    with AppServer(app) as server, requests.Session() as session:
        session.get(server.url, timeout=5)
        (connection,) = server.server.server_state.connections
        accepted = connection.transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_in_use_is_an_error(app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            AppServer(app, port=taken.getsockname()[1])


def test_a_connection_outlives_a_clients_pause(app):
    """Mastodon.py asks for media in processing every 5.0 s, which was this server's own limit.

    The pause itself is what is tested, so nothing can be waited for in its place.
    """
    with AppServer(app) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.connect()
        used = connection.sock
        for pause in (5.0, 0.0):
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert answer.read() == b"hello"
            time.sleep(pause)
        assert connection.sock is used  # http.client would have made another
        connection.close()
