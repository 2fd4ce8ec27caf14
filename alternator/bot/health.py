"""How the bot is: a record that its threads keep, and ``GET /health`` that tells it.

A bot whose worker hangs is unhealthy (503); one whose server can't be reached is not (200): a
restart would mend the first and not the second.
"""

import argparse
import json
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import requests

from alternator.config.load import load_section
from alternator.config.settings import HealthSettings
from alternator.errors import ConfigError, StateError

log = logging.getLogger(__name__)

ServerState = Literal["unknown", "reachable", "unreachable", "refusing"]

# The main loop is heard of every second, and less often only while it waits for an answer.
SILENCE_SECONDS = 180.0
ASK_TIMEOUT_SECONDS = 5.0


class Health:
    """What is known about the bot's health. Any thread may write to it.

    ``longest_request`` is how many seconds the main loop may wait for one answer.
    """

    def __init__(
        self, *, longest_request: float = 0.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._silence = SILENCE_SECONDS + longest_request
        self._beaten = clock()
        self.ready = False
        self.server: ServerState = "unknown"
        self.last_success: datetime | None = None
        self.worker: Callable[[], str] = lambda: "disabled"
        self.queue: Callable[[], dict[str, int]] = dict

    def beat(self) -> None:
        """The main loop is alive."""
        self._beaten = self._clock()

    def succeeded(self) -> None:
        """A description was written just now."""
        self.last_success = datetime.now(UTC)

    def report(self) -> tuple[int, dict[str, Any]]:
        """HTTP status and body of an answer."""
        worker = self.worker()
        silence = self._clock() - self._beaten
        queue, trouble = {}, ""
        try:
            queue = self.queue()
        except StateError as error:
            trouble = str(error)
        if not self.ready:
            status = "starting"
        elif trouble:
            status = trouble
        elif worker == "hung":
            status = "the Whisper worker hangs"
        elif silence > self._silence:
            status = f"the bot has been silent for {silence:.0f} s"
        else:
            status = "ok"
        body = {
            "status": status,
            "worker": worker,
            "server": self.server,
            "last_success": None if self.last_success is None else self.last_success.isoformat(),
            "queue": queue,
        }
        return (200 if status == "ok" else 503), body


class Server(ThreadingHTTPServer):
    """Answers each client in a thread, and thinks nothing of one that went away meanwhile."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Called within the handling of the exception."""
        log.debug("a question for the bot's health was not answered", exc_info=True)


def serve(health: Health, settings: HealthSettings) -> ThreadingHTTPServer | None:
    """Answer ``GET /health`` in a thread, until ``shutdown()``; None if it is turned off.

    ConfigError if the port can't be had.
    """
    if settings.port == 0:
        return None

    class Handler(BaseHTTPRequestHandler):
        timeout = ASK_TIMEOUT_SECONDS  # for a client that connects and asks nothing

        def do_GET(self) -> None:  # the name that http.server asks for
            if self.path.partition("?")[0] != "/health":
                self.send_error(404)
                return
            code, body = health.report()
            content = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            log.debug(format, *args)

    try:
        server = Server((settings.host, settings.port), Handler)
    except OSError as error:
        raise ConfigError(
            f"[health] {settings.host}:{settings.port} can't be listened on: {error.strerror}; "
            f"set [health] port to a free one, or to 0 for none"
        ) from None
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def main(argv: list[str]) -> int:
    """Ask a running bot how it is; exit code 0 if it is well, for a container's health check."""
    parser = argparse.ArgumentParser(prog="alternator health", description=main.__doc__)
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the bot's (default: alternator.toml)"
    )
    arguments = parser.parse_args(argv)
    settings = load_section(HealthSettings, arguments.config)
    if settings.port == 0:
        raise ConfigError("the health answer is turned off; set [health] port")
    any_address = settings.host in ("", "0.0.0.0", "::")
    host = "127.0.0.1" if any_address else settings.host
    host = f"[{host}]" if ":" in host else host
    try:
        # Proxies of the environment are for the world outside.
        session = requests.Session()
        session.trust_env = False
        response = session.get(f"http://{host}:{settings.port}/health", timeout=ASK_TIMEOUT_SECONDS)
        print(response.text)
    except requests.RequestException:
        print(f"no bot answers on {host}:{settings.port}")
        return 1
    return 0 if response.status_code == 200 else 1
