"""Pages of which sites may use a server without tokens."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from alternator.serve.origins import OwnPagesOnly


async def asked(method: str, origin: str | None) -> int:
    """The status that a request of that origin gets."""

    async def fine(request: Request) -> Response:
        return PlainTextResponse("fine")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    app = OwnPagesOnly(
        Starlette(routes=[Route("/", fine, methods=["GET", "POST"])]),
        allowed={"https://friend.example"},
    )
    headers = [(b"host", b"here.example:8000")]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    scope = {"type": "http", "method": method, "path": "/", "headers": headers, "query_string": b""}
    await app(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("POST", None, 200),
        ("POST", "http://here.example:8000", 200),
        ("POST", "https://here.example:8000", 200),
        ("POST", "https://friend.example", 200),
        ("POST", "http://here.example", 403),
        ("POST", "null", 403),
        ("POST", "https://here.example:8000.evil.example", 403),
        ("GET", "https://evil.example", 200),
    ],
)
def test_origins(method: str, origin: str | None, status: int) -> None:
    assert asyncio.run(asked(method, origin)) == status
