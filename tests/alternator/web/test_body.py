import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from alternator.web.body import CHUNK_BYTES, TooLargeError, read_limited

BODY = b"0123456789" * 20_000  # longer than a piece


class Bodies(BaseHTTPRequestHandler):
    """Sends the same body in one way or another, by the path."""

    def do_GET(self) -> None:
        getattr(self, f"send_{self.path.strip('/')}")()

    def begin(self, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def send_whole(self) -> None:
        self.begin(Content_Length=str(len(BODY)))
        self.wfile.write(BODY)

    def send_unannounced(self) -> None:
        self.begin()
        self.wfile.write(BODY)

    def send_compressed(self) -> None:
        small = gzip.compress(BODY)
        self.begin(Content_Length=str(len(small)), Content_Encoding="gzip")
        self.wfile.write(small)

    def send_broken(self) -> None:
        self.begin(Content_Length=str(len(BODY)))
        self.wfile.write(BODY[:100])

    def send_trickle(self) -> None:
        self.begin()
        for number in range(100):
            self.wfile.write(BODY[number : number + 1])
            self.wfile.flush()
            time.sleep(0.05)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Bodies) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def read(url: str, *, most: int = len(BODY), seconds: float = 30.0) -> list[bytes]:
    with requests.get(url, stream=True, timeout=10) as response:
        return list(read_limited(response, most=most, seconds=seconds))


@pytest.mark.parametrize("path", ["whole", "unannounced", "compressed"])
def test_a_body_within_the_limits_comes_whole_and_in_pieces(url: str, path: str):
    pieces = read(f"{url}/{path}")
    assert b"".join(pieces) == BODY
    assert max(map(len, pieces)) <= CHUNK_BYTES or path == "compressed"


@pytest.mark.parametrize("path", ["whole", "unannounced", "compressed"])
def test_a_byte_too_much_is_too_large(url: str, path: str):
    with pytest.raises(TooLargeError):
        read(f"{url}/{path}", most=len(BODY) - 1)


def test_what_is_announced_too_large_is_not_read_at_all(url: str):
    with requests.get(f"{url}/broken", stream=True, timeout=10) as response:
        pieces = read_limited(response, most=100, seconds=30.0)
        with pytest.raises(TooLargeError):
            next(pieces)


def test_a_connection_that_breaks_off_is_told(url: str):
    with pytest.raises(requests.ConnectionError):
        read(f"{url}/broken")


def test_the_whole_is_bounded_in_time_and_not_only_its_silences(url: str):
    with pytest.raises(requests.Timeout):
        read(f"{url}/trickle", seconds=0.3)
