"""Where a browser brings the code of a login: a server on this machine's loopback, for one answer.

https://www.rfc-editor.org/rfc/rfc8252#section-7.3. It answers nobody but who knows ``state``.
"""

import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from alternator.errors import ServerError

PATIENCE_SECONDS = 600.0  # as long as a code is good
SILENCE_SECONDS = 5.0  # for a client that connects and asks nothing
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Alternator</title>
<p>{text}</p></html>
"""


class Loopback:
    """Waits for the code. ``redirect_uri`` is where it is to be brought."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._code = ""
        self._denied = ""
        self._came = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.redirect_uri = f"http://127.0.0.1:{self._server.server_address[1]}/code"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, name="loopback", args=(0.1,), daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float = PATIENCE_SECONDS) -> str:
        """The code. ServerError if the owner says no, or nothing for so long."""
        if not self._came.wait(seconds):
            raise ServerError(
                f"nobody allowed it within {seconds / 60:.0f} minutes; begin again, with "
                f"--no-browser where the browser is on another machine"
            )
        if self._denied:
            raise ServerError(f"the login was refused in the browser: {self._denied}")
        return self._code

    def _take(self, query: dict[str, list[str]]) -> str:
        """Take an answer in; what to tell the browser, '' where it is none of ours."""
        state = query.get("state", [""])[0]
        if not secrets.compare_digest(state.encode(), self._state.encode()):
            return ""
        if "code" in query:
            self._code = query["code"][0]
            told = "Alternator has what it needs. You may close this page."
        else:
            self._denied = query.get("error_description", query.get("error", ["no reason"]))[0]
            told = "Alternator was not let in. You may close this page."
        self._came.set()
        return told

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        """The class that http.server makes an object of for each request."""
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            timeout = SILENCE_SECONDS

            def do_GET(self) -> None:  # the name that http.server asks for
                parts = urlsplit(self.path)
                told = take(parse_qs(parts.query)) if parts.path == "/code" else ""
                if not told:
                    self.send_error(404)
                    return
                content = PAGE.format(text=told).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the address has the code in it."""

        return Handler
