"""The user stream, as Mastodon.py hears it and on the wire."""

import json
import queue
from collections.abc import Iterator

import pytest
import requests
from mastodon import Mastodon, StreamListener
from waiting import wait_for

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
