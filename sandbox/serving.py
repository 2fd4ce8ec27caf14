"""Serves an application: as the program of a process, or in a thread of a test's."""

import asyncio
import socket
import threading
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

# How long an idle connection stays open, as nginx has it in front of Mastodon
# (https://nginx.org/en/docs/http/ngx_http_core_module.html#keepalive_timeout). uvicorn's own 5 s
# end when Mastodon.py asks again for media in processing, 5.0 s later on the same connection:
# https://github.com/halcy/Mastodon.py/blob/2.1.0/mastodon/media.py
KEEP_ALIVE_SECONDS = 75
GRACE_SECONDS = 1  # for open connections; streams never end by themselves
START_SECONDS = 10.0
STOP_SECONDS = 10.0
TRANSPORT = "sandbox.transport"  # where a request's ``extensions`` have its connection


def serve_forever(app: Starlette, *, host: str, port: int) -> None:
    """Serve until stopped."""
    uvicorn.run(
        WithTransport(app),
        host=host,
        port=port,
        log_level="warning",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


class WithTransport:
    """Gives each request the connection it came on, for what ASGI can't say: half a header.

    uvicorn's ``send`` is a method of the request's cycle, which has the connection:
    https://github.com/encode/uvicorn/blob/0.38.0/uvicorn/protocols/http/h11_impl.py
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its connection."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if scope["type"] == "http" and transport is not None:
            scope.setdefault("extensions", {})[TRANSPORT] = transport
        await self.app(scope, receive, send)


class AppServer:
    """Serves an application from a thread of its own while the ``with`` block runs.

    ``url`` is its address, on a port that the system chose.
    """

    def __init__(self, app: Starlette, *, port: int = 0) -> None:
        self.app = app
        # Named as TCP: asyncio sets TCP_NODELAY only where the protocol is told
        # (https://github.com/python/cpython/blob/v3.11.7/Lib/asyncio/base_events.py, _set_nodelay),
        # and an answer's body then waited 40 ms for the client's delayed acknowledgement.
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.port: int = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            WithTransport(app),
            log_level="critical",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.serve, name=f"sandbox:{self.port}", daemon=True)

    def serve(self) -> None:
        """The thread: an event loop that serves until told to stop."""
        asyncio.run(self.server.serve(sockets=[self.socket]))

    def __enter__(self) -> Self:
        """Start, and return once requests are answered."""
        self.thread.start()
        waited = threading.Event()
        for _ in range(int(START_SECONDS / 0.01)):
            if self.server.started:
                return self
            waited.wait(0.01)
        raise TimeoutError(f"the sandbox did not start within {START_SECONDS:g} s")

    def __exit__(self, *_: object) -> None:
        """Stop; open connections are closed."""
        self.server.should_exit = True
        self.thread.join(STOP_SECONDS)
        self.socket.close()
