"""What is answered to machines over HTTP: ``/health``, and what a cluster's roles tell."""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol

from alternator.errors import ConfigError
from probe.errors import reason_of

log = logging.getLogger(__name__)

TEXT = "text/plain; charset=utf-8"
CLIENT_TIMEOUT_SECONDS = 5.0


class Answer:
    """An HTTP status, a media type and what is said."""

    def __init__(self, content: bytes, *, status: int = 200, kind: str = TEXT) -> None:
        self.content = content
        self.status = status
        self.kind = kind


def of_troubles(troubles: list[str], well: str) -> Answer:
    """503 and what is wrong, else 200."""
    text = "\n".join(troubles) or well
    return Answer(f"{text}\n".encode(), status=503 if troubles else 200)


Answers = Mapping[str, Callable[[], Answer]]


class Place(Protocol):
    """Where to listen; port 0: nowhere."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


class HealthServer(ThreadingHTTPServer):
    """Answers each client in a thread, and thinks nothing of one that went away meanwhile."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Called within the handling of the exception."""
        if isinstance(sys.exception(), OSError):
            log.debug("a question for the bot's health was not waited for")
        else:
            log.error("a question for the bot's health was not answered", exc_info=sys.exception())


@contextmanager
def answering(answers: Answers, settings: Place, section: str) -> Iterator[int]:
    """Answer in threads while the block runs; the port, 0 where that is turned off.

    ConfigError, which names the ``section`` of the configuration, if the port can't be had.
    """
    if settings.port == 0:
        yield 0
        return
    try:
        server = HealthServer((settings.host, settings.port), handler_of(answers))
    except OSError as error:
        raise ConfigError(
            f"[{section}] {settings.host}:{settings.port} can't be listened on: "
            f"{reason_of(error)}; set [{section}] port to a free one, or to 0 for none"
        ) from None
    with server:
        threading.Thread(target=server.serve_forever, name=section, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def handler_of(answers: Answers) -> type[BaseHTTPRequestHandler]:
    """The class that http.server makes an object of for each question."""

    class Handler(BaseHTTPRequestHandler):
        timeout = CLIENT_TIMEOUT_SECONDS  # for a client that connects and asks nothing

        def do_GET(self) -> None:  # the name that http.server asks for
            answer = answers.get(self.path.partition("?")[0])
            if answer is None:
                self.send_error(404)
                return
            found = answer()
            self.send_response(found.status)
            self.send_header("Content-Type", found.kind)
            self.send_header("Content-Length", str(len(found.content)))
            self.end_headers()
            self.wfile.write(found.content)

        def log_message(self, format: str, *args: object) -> None:
            log.debug(format, *args)

    return Handler
