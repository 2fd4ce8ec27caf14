"""Refuses what another web site sends through a visitor's browser.

The sandbox listens on this machine, its control API asks for no token and its tokens are known: any
page that somebody looks at could post there. A browser names the page in ``Origin``, with a request
that changes something and with each WebSocket; programs send none.
https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
"""

import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

READING = ("GET", "HEAD", "OPTIONS")
REFUSAL = "This came from another web site. Send it from the sandbox's own page, or by a program."


def is_foreign(headers: Headers) -> bool:
    """Whether a web page of another address sent this; "null" is such an address too."""
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


class OriginMiddleware:
    """Answers 403 to foreign pages below ``prefixes``; what only reads they can't read anyway."""

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self.app = app
        self.prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it before anything has counted it."""
        if self.concerns(scope) and is_foreign(Headers(scope=scope)):
            await refuse(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def concerns(self, scope: Scope) -> bool:
        """Whether a request could change something, or could be read by a foreign page."""
        if scope["type"] not in ("http", "websocket"):
            return False
        changing = scope["type"] == "websocket" or scope["method"] not in READING
        return changing and scope["path"].startswith(self.prefixes)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """403; a WebSocket that is closed before it is accepted is answered so by the server."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"application/json; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"error": REFUSAL}).encode()})
