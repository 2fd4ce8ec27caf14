"""WebSocket requests: written to the request log, and hit by faults like all others.

A request for a WebSocket is a GET, so faults name it as one. ``status`` answers in place of the
handshake, ``drop`` breaks the connection before it, ``hang`` never answers it.
"""

import asyncio
import json

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control.faults import Fault, Faults
from sandbox.control.request_log import Entry, RequestLog, entry_for


class WebSocketControlMiddleware:
    """What ``RequestLogMiddleware`` and ``FaultMiddleware`` are for other requests."""

    def __init__(self, app: ASGIApp, request_log: RequestLog, faults: Faults) -> None:
        self.app = app
        self.request_log = request_log
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or don't."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        entry = entry_for({**scope, "method": "GET"})
        self.request_log.add(entry)
        noted = noting(entry, send)
        fault = self.faults.take("GET", scope["path"])
        if fault is None:
            await self.app(scope, receive, noted)
            return
        await asyncio.sleep(fault.delay)
        if fault.hang:
            await gone(receive)
        elif fault.drop:
            # An answer that is begun and not ended: uvicorn then closes the connection.
            await noted({"type": "websocket.http.response.start", "status": 502, "headers": []})
        elif fault.status is not None:
            await answer(fault, fault.status, noted)
        else:
            await self.app(scope, receive, noted)


def noting(entry: Entry, send: Send) -> Send:
    """``send`` that takes down what is answered; 101 is the handshake's success."""

    async def answer(message: Message) -> None:
        if message["type"] == "websocket.accept":
            entry.answer = 101
        elif message["type"] == "websocket.http.response.start":
            entry.answer = message["status"]
        await send(message)

    return answer


async def gone(receive: Receive) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def answer(fault: Fault, status: int, send: Send) -> None:
    """Send the ordered error in place of the handshake."""
    body = {"error": f"Sandbox fault {status}"} if fault.body is None else fault.body
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json; charset=utf-8"} | {
        name.lower(): value for name, value in fault.headers.items()
    }
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "websocket.http.response.start", "status": status, "headers": named})
    await send({"type": "websocket.http.response.body", "body": content.encode()})
