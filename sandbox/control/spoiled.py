"""Answers that are not what they should be: cut, slow, packed, or somebody else's.

An answer is made first, by the server's own endpoint or by the fault, and spoiled on its way out.
"""

import asyncio
import gzip
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import cache
from http import HTTPStatus
from typing import Literal, assert_never

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.serving import TRANSPORT

# What ``Fault.spoil`` can be; its docstring says what each does.
Spoil = Literal["truncated", "html", "empty", "gzip_bomb", "wrong_type"]
Trickle = Literal["header", "body"]

# As a reverse proxy answers while the server behind it restarts.
PAGE = b"<!DOCTYPE html>\n<html><head><title>Just a moment</title></head><body></body></html>\n"
BOMB_BYTES = 256 * 1024 * 1024
MEMBER_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer; the names of headers are in lower case."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def having(self, body: bytes, **headers: str) -> "Answer":
        """The answer with another body, and headers with ``_`` for ``-`` in their names."""
        new = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
        new[b"content-length"] = str(len(body)).encode()
        kept = tuple(header for header in self.headers if header[0] not in new)
        return replace(self, headers=(*kept, *new.items()), body=body)

    def head(self) -> bytes:
        """Status line and headers as HTTP/1.1 writes them, with the blank line at their end."""
        phrase = HTTPStatus(self.status).phrase if self.status in set(HTTPStatus) else ""
        lines = [b"HTTP/1.1 %d %s" % (self.status, phrase.encode())]
        lines.append(b"date: " + formatdate(usegmt=True).encode())
        lines += [name + b": " + value for name, value in self.headers]
        return b"\r\n".join([*lines, b"connection: close", b"", b""])


async def answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """What an endpoint answers. Not for streams, which never end."""
    status, headers, body = 500, list[tuple[bytes, bytes]](), b""

    async def take(message: Message) -> None:
        nonlocal status, headers, body
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        else:
            body += message.get("body", b"")

    await app(scope, receive, take)
    named = tuple((bytes(name).lower(), bytes(value)) for name, value in headers)
    return Answer(status=status, headers=named, body=body)


def spoiled(answer: Answer, spoil: Spoil) -> Answer:
    """The answer as it arrives; its length and its HTTP are right all the same."""
    match spoil:
        case "truncated":
            return answer.having(answer.body[: len(answer.body) // 2])
        case "html":
            return answer.having(PAGE, content_type="text/html; charset=utf-8")
        case "empty":
            return answer.having(b"")
        case "gzip_bomb":
            return answer.having(bomb(), content_type="application/json", content_encoding="gzip")
        case "wrong_type":
            return answer.having(answer.body, content_type="application/octet-stream")
        case _:
            assert_never(spoil)


@cache
def bomb() -> bytes:
    """``BOMB_BYTES`` of JSON's blanks, packed to a thousandth: members of gzip, one after another.

    https://www.rfc-editor.org/rfc/rfc1952#section-2.2
    """
    return gzip.compress(b" " * MEMBER_BYTES, mtime=0) * (BOMB_BYTES // MEMBER_BYTES)


async def send_whole(answer: Answer, send: Send) -> None:
    """Send an answer at once."""
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send({"type": "http.response.body", "body": answer.body})


async def send_slowly(
    answer: Answer, scope: Scope, receive: Receive, *, trickle: Trickle, pace: float
) -> None:
    """Send an answer byte by byte, ``pace`` seconds each, from its head or from its body on.

    The server's own protocol sends a head in one piece, so this writes to the connection itself,
    which is closed at the end.
    """
    transport: asyncio.Transport = scope["extensions"][TRANSPORT]
    head, body = answer.head(), answer.body
    at_once, slow = (b"", head + body) if trickle == "header" else (head, body)
    gone = asyncio.ensure_future(until_gone(receive))
    try:
        transport.write(at_once)
        for byte in octets(slow):
            transport.write(byte)
            await asyncio.wait({gone}, timeout=pace)
            if gone.done():
                break
        transport.close()
        await gone
    finally:
        gone.cancel()


async def until_gone(receive: Receive) -> None:
    """Wait until the client has closed the connection, or the connection was closed to it."""
    while (await receive())["type"] != "http.disconnect":
        pass


def octets(content: bytes) -> Iterable[bytes]:
    """A content byte by byte."""
    return (content[index : index + 1] for index in range(len(content)))
