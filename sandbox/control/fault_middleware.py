"""Carries faults out: the requests that they hit are answered wrongly, late or never."""

import asyncio
import json

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control.faults import Fault, Faults

HANG_SECONDS = 3600.0


class FaultMiddleware:
    """Lets requests fail as ordered. ``/sandbox`` itself never does."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or don't."""
        if scope["type"] != "http" or scope["path"].startswith("/sandbox"):
            await self.app(scope, receive, send)
            return
        fault = self.faults.take(scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})["fault"] = fault
        await asyncio.sleep(fault.delay)
        if fault.after:
            await self.app(scope, receive, swallow)
        if fault.hang:
            await hang(receive)
        elif fault.drop:
            await break_off(send)
        elif fault.status is not None:
            await answer(fault, fault.status, send)
        else:
            await self.app(scope, receive, send)


async def swallow(message: Message) -> None:
    """Lose an answer."""


async def hang(receive: Receive) -> None:
    """Answer nothing until the client has gone."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    await asyncio.wait_for(gone(), HANG_SECONDS)


async def break_off(send: Send) -> None:
    """Begin an answer and end in its middle: uvicorn then closes the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"', "more_body": True})


async def answer(fault: Fault, status: int, send: Send) -> None:
    """Send the ordered error."""
    body = {"error": f"Sandbox fault {status}"} if fault.body is None else fault.body
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json; charset=utf-8"} | {
        name.lower(): value for name, value in fault.headers.items()
    }
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": content.encode()})


def fault_of(request: Request) -> Fault | None:
    """The fault that hit this request and let it through to its endpoint."""
    fault: Fault | None = request.scope["state"].get("fault")
    return fault
