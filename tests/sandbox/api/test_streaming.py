"""The user stream, as Mastodon.py hears it, on the wire, and by WebSocket."""

import json
import queue
from collections.abc import Iterator

import pytest
import requests
from mastodon import Mastodon, StreamListener
from waiting import wait_for
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

from sandbox.server import SandboxServer
from sandbox.settings import Settings

PATH = "/api/v1/streaming/user"


@pytest.fixture
def quick_server() -> Iterator[SandboxServer]:
    """A server whose heartbeats come every tenth of a second."""
    with SandboxServer(settings=Settings(heartbeat_seconds=0.1)) as running:
        yield running


class Listener(StreamListener):
    def __init__(self) -> None:
        self.heard: queue.Queue[tuple[str, str]] = queue.Queue()

    def on_update(self, status) -> None:
        self.heard.put(("update", str(status.id)))

    def on_status_update(self, status) -> None:
        self.heard.put(("status.update", str(status.id)))

    def on_delete(self, status_id) -> None:
        self.heard.put(("delete", str(status_id)))

    def next(self) -> tuple[str, str]:
        return self.heard.get(timeout=10)


def open_stream(server: SandboxServer, path: str = PATH) -> requests.Response:
    headers = {"Authorization": "Bearer sandbox"}
    return requests.get(server.url + path, headers=headers, stream=True, timeout=10)


def lines(response: requests.Response) -> Iterator[str]:
    return (line.decode() for line in response.iter_lines(chunk_size=1))


def next_event(found: Iterator[str]) -> tuple[str, str]:
    """Name and data of the next event."""
    name = next(line for line in found if line.startswith("event: "))
    return name.removeprefix("event: "), next(found).removeprefix("data: ")


def test_client_library_hears_posts_edits_and_deletions(quick_server):
    server = quick_server
    client = Mastodon(access_token="sandbox", api_base_url=server.url, version_check_mode="none")
    listener = Listener()
    handle = client.stream_user(listener, run_async=True)
    wait_for(server.open_streams)
    status_id = server.post("one")["id"]
    server.edit(status_id, status="two", language="en")
    server.edit(status_id, status="two", language="en")  # changes nothing
    server.delete(status_id)
    assert [listener.next() for _ in range(3)] == [
        ("update", status_id),
        ("status.update", status_id),
        ("delete", status_id),
    ]
    handle.close()  # returns with the next heartbeat


@pytest.mark.parametrize("path", [PATH, "/api/v1/streaming?stream=user"])
def test_events_carry_the_status_as_it_stands(server, picture, path):
    with open_stream(server, path) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        found = lines(response)
        assert next(found) == ":)"
        status = server.post("x", files=[picture])
        name, data = next_event(found)
        assert (name, json.loads(data)) == ("update", server.status(status["id"]))


def test_token_in_the_query_is_enough(server):
    url = f"{server.url}{PATH}?access_token=sandbox"
    with requests.get(url, stream=True, timeout=10) as response:
        assert response.status_code == 200


def test_stream_needs_a_token_and_a_name(server):
    headers = {"Authorization": "Bearer sandbox"}
    assert requests.get(server.url + PATH, timeout=10).status_code == 401
    wrong = requests.get(server.url + PATH, headers={"Authorization": "Bearer x"}, timeout=10)
    assert wrong.status_code == 401
    unknown = f"{server.url}/api/v1/streaming/nonsense"
    assert requests.get(unknown, headers=headers, timeout=10).status_code == 400


def test_heartbeats_come_while_nothing_happens(quick_server):
    with open_stream(quick_server) as response:
        found = lines(response)
        assert [next(found) for _ in range(3)] == [":)", ":thump", ":thump"]


def test_others_hear_no_direct_posts(server):
    with open_stream(server) as response:
        found = lines(response)
        server.post("for my eyes", visibility="direct", token="neighbour")
        public = server.post("for all", token="neighbour")
        name, data = next_event(found)
        assert (name, json.loads(data)["id"]) == ("update", public["id"])


def test_dropped_stream_breaks_and_a_new_one_works(server):
    with open_stream(server) as response:
        found = lines(response)
        assert next(found) == ":)"
        assert server.drop_streams() == 1
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(found)
    with open_stream(server) as response:
        assert next(lines(response)) == ":)"


def test_muted_stream_stays_open_and_silent(quick_server):
    server, headers = quick_server, {"Authorization": "Bearer sandbox"}
    with requests.get(server.url + PATH, headers=headers, stream=True, timeout=0.5) as response:
        found = lines(response)
        assert next(found) == ":)"
        server.mute_streams()
        server.post("unheard")
        with pytest.raises(requests.exceptions.ConnectionError, match="timed out"):
            while next(found) == ":thump":  # one may have been on its way
                pass


def test_streaming_can_be_off(server):
    assert requests.get(f"{server.url}/api/v1/streaming/health", timeout=10).text == "OK"
    server.set_streaming(False)
    assert requests.get(f"{server.url}/api/v1/streaming/health", timeout=10).status_code == 404
    assert open_stream(server).status_code == 404
    server.set_streaming(True)
    with open_stream(server) as response:
        assert response.status_code == 200


def test_made_up_events_reach_the_stream(server):
    with open_stream(server) as response:
        found = lines(response)
        body = {"event": "notification", "payload": {"type": "mention"}}
        requests.post(f"{server.url}/sandbox/events", json=body, timeout=10)
        name, data = next_event(found)
        assert (name, json.loads(data)) == ("notification", {"type": "mention"})


SOCKET = "/api/v1/streaming?stream=user"
BEARER = {"Authorization": "Bearer sandbox"}


def socket_url(server: SandboxServer, path: str = SOCKET) -> str:
    return server.url.replace("http", "ws", 1) + path


def refused(url: str, **options) -> int:
    """The status of a refused handshake."""
    with pytest.raises(InvalidStatus) as caught, connect(url, **options):
        pass
    return caught.value.response.status_code


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (SOCKET, {"additional_headers": BEARER}),
        (SOCKET, {"subprotocols": ["sandbox"]}),
        (SOCKET + "&access_token=sandbox", {}),
    ],
    ids=["header", "subprotocol", "query"],
)
def test_a_websocket_takes_the_token_where_it_comes(server, path, options):
    with connect(socket_url(server, path), **options) as socket:
        status = server.post("Hello")
        message = json.loads(socket.recv(timeout=10))
    assert (message["stream"], message["event"]) == (["user"], "update")
    # As Mastodon has it: a text, which is JSON in turn.
    assert json.loads(message["payload"])["id"] == status["id"]
    wait_for(lambda: not server.open_streams())


def test_a_websocket_without_a_valid_token_is_refused(server):
    assert refused(socket_url(server)) == 401
    assert refused(socket_url(server), subprotocols=["nobody"]) == 401
    assert refused(socket_url(server), additional_headers={"Authorization": "Bearer x"}) == 401


def test_a_stream_can_be_asked_for_by_a_message(server):
    url = socket_url(server, "/api/v1/streaming")
    with connect(url, additional_headers=BEARER) as socket:
        socket.send(json.dumps({"type": "subscribe", "stream": "user"}))
        wait_for(server.open_streams)
        server.post("Hello")
        server.post("Hello again")
        assert json.loads(socket.recv(timeout=10))["event"] == "update"


def test_a_dropped_websocket_has_no_farewell(server):
    with connect(socket_url(server), additional_headers=BEARER) as socket:
        wait_for(server.open_streams)
        assert server.drop_streams() == 1
        with pytest.raises(ConnectionClosedError):
            socket.recv(timeout=10)
    assert server.open_streams() == 0


@pytest.mark.parametrize(
    ("streaming", "by_sse", "by_query", "by_socket"),
    [("sse", 200, 200, 404), ("websocket", 404, 400, 101), ("none", 404, 404, 404)],
)
def test_a_server_may_have_one_way_or_none(streaming, by_sse, by_query, by_socket):
    with SandboxServer(settings=Settings(streaming=streaming)) as server:
        for path, expected in [(PATH, by_sse), (SOCKET, by_query)]:
            with open_stream(server, path) as response:
                assert response.status_code == expected
        if by_socket == 101:
            with connect(socket_url(server), additional_headers=BEARER) as socket:
                assert socket.ping().wait(10)
        else:
            assert refused(socket_url(server), additional_headers=BEARER) == by_socket


def test_silent_streams_say_nothing_and_deaf_ones_beat(quick_server):
    server = quick_server
    requests.post(f"{server.url}/sandbox/streams", json={"silent": ["websocket"]}, timeout=10)
    with connect(socket_url(server), additional_headers=BEARER) as socket:
        wait_for(server.open_streams)
        server.post("unheard")
        assert socket.ping().wait(10)
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0)
    server.silence_streams()
    server.deafen_streams("sse")
    with open_stream(server) as response:
        found = lines(response)
        assert next(found) == ":)"
        server.post("unheard")
        assert [next(found) for _ in range(3)] == [":thump"] * 3
    assert (
        requests.post(
            f"{server.url}/sandbox/streams", json={"deaf": ["radio"]}, timeout=10
        ).status_code
        == 422
    )
