"""A mirror of models on this machine, with the habits of real ones: ranges, breaks, pages."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

from loopback import listening


class ModelServer:
    """What it serves, how it behaves, and what it was asked: change it while it runs.

    ``breaks``: after how many bytes each answer breaks off, one for each of the next requests.
    ``ranges``: whether it knows them. ``status``: answered in place of a file. ``gate``: closed, an
    answer waits after half of its bytes.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.breaks: list[int] = []
        self.ranges = True
        self.status = 0
        self.page = b""
        self.asked: list[tuple[str, str | None]] = []
        self.sent = 0
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.url = ""


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """Runs until the end of the block."""
    state = ModelServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Range")))
            content = state.files.get(self.path)
            if state.status or state.page:
                return self._answer(state.status or 200, state.page, {"Content-Type": "text/html"})
            if content is None:
                return self._answer(404, b"", {})
            wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if wanted is None or not state.ranges:
                return self._answer(200, content, {})
            start = int(wanted[1])
            if start >= len(content):
                return self._answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return self._answer(206, content[start:], {"Content-Range": span})

        def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            end = state.breaks.pop(0) if state.breaks else len(content)
            half = min(end, len(content) // 2)
            self._write(content[:half])
            if not state.gate.is_set():
                state.waiting.set()
                state.gate.wait(30)
            self._write(content[half:end])
            if end < len(content):
                self.close_connection = True

        def _write(self, content: bytes) -> None:
            self.wfile.write(content)
            self.wfile.flush()
            state.sent += len(content)

    with listening(Handler) as address:
        state.url = f"{address}/models"
        try:
            yield state
        finally:
            state.gate.set()
