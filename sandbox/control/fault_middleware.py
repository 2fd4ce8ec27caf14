"""Carries faults out: the requests that they hit are answered wrongly, late or never."""

import asyncio
import json

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.control.faults import Fault, Faults
from sandbox.control.spoiled import (
    Answer,
    answer_of,
    send_slowly,
    send_whole,
    spoiled,
    until_gone,
)

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
            await asyncio.wait_for(until_gone(receive), HANG_SECONDS)
        elif fault.drop:
            await break_off(send)
        elif fault.status is None and fault.spoil is None and fault.trickle is None:
            await self.app(scope, receive, send)
        else:
            await self.answer(fault, scope, receive, send)

    async def answer(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the ordered answer, or the endpoint's own, as the fault spoils it."""
        if fault.status is not None:
            answer = made_up(fault, fault.status)
        elif fault.after or fault.spoil in ("html", "empty", "gzip_bomb"):
            answer = made_up(fault, 200)
        else:
            answer = await answer_of(self.app, scope, receive)
        if fault.spoil is not None:
            answer = spoiled(answer, fault.spoil)
        if fault.trickle is None:
            await send_whole(answer, send)
        else:
            await send_slowly(answer, scope, receive, trickle=fault.trickle, pace=fault.pace)


async def swallow(message: Message) -> None:
    """Lose an answer."""


async def break_off(send: Send) -> None:
    """Begin an answer and end in its middle: uvicorn then closes the connection."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"', "more_body": True})


def made_up(fault: Fault, status: int) -> Answer:
    """The answer that a fault names: an error unless it has a body."""
    body = {"error": f"Sandbox fault {status}"} if fault.body is None else fault.body
    content = body if isinstance(body, str) else json.dumps(body)
    headers = {"content-type": "application/json; charset=utf-8"} | {
        name.lower(): value for name, value in fault.headers.items()
    }
    named = tuple((name.encode(), value.encode()) for name, value in headers.items())
    return Answer(status=status, headers=named, body=content.encode())


def fault_of(request: Request) -> Fault | None:
    """The fault that hit this request and let it through to its endpoint."""
    fault: Fault | None = request.scope["state"].get("fault")
    return fault
