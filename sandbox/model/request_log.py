"""The journal: every API request that came in, for tests to look at."""

import fnmatch
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT_REQUESTS = 2_000
KEPT_BYTES = 256 * 1024  # of one body; a longer one is left out


@dataclass(kw_only=True, eq=False)
class Entry:
    """One request. ``answer`` is the status code sent, None while none was."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str
    authorized: bool
    at: float  # Unix time in seconds
    answer: int | None = None
    size: int = 0  # of the body, in bytes
    body: bytearray = field(default_factory=bytearray)
    notes: dict[str, Any] = field(default_factory=dict)  # what an endpoint adds

    def as_json(self) -> dict[str, Any]:
        """The entry for ``GET /sandbox/requests``; ``json`` or ``form`` hold what was sent."""
        document: dict[str, Any] = {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "content_type": self.content_type,
            "authorized": self.authorized,
            "at": self.at,
            "size": self.size,
            "answer": self.answer,
            **self.notes,
        }
        if self.size and self.size == len(self.body):
            if self.content_type == "application/json":
                document["json"] = parsed_json(self.body)
            elif self.content_type == "application/x-www-form-urlencoded":
                document["form"] = parse_qsl(
                    self.body.decode("utf-8", "replace"), keep_blank_values=True
                )
        return document


class Journal:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=KEPT_REQUESTS)
        self.lock = threading.Lock()

    def add(self, entry: Entry) -> None:
        """Write an entry."""
        with self.lock:
            self.entries.append(entry)

    def clear(self) -> None:
        """Forget all entries."""
        with self.lock:
            self.entries.clear()

    def find(self, method: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """Entries with this method and with a path like this glob (``/api/v1/statuses/*``)."""
        with self.lock:
            entries = list(self.entries)
        return [
            entry.as_json()
            for entry in entries
            if (method is None or entry.method == method.upper())
            and (path is None or fnmatch.fnmatchcase(entry.path, path))
        ]


class JournalMiddleware:
    """Writes each request under one of ``prefixes`` to the journal.

    The entry is at ``scope["state"]["entry"]``, so that an endpoint can add notes to it.
    """

    def __init__(
        self, app: ASGIApp, journal: Journal, prefixes: tuple[str, ...], keep_bodies: bool = True
    ) -> None:
        self.app = app
        self.journal = journal
        self.prefixes = prefixes
        self.keep_bodies = keep_bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and take down what comes and goes."""
        if scope["type"] != "http" or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        entry = Entry(
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
            content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
            authorized="authorization" in headers,
            at=time.time(),
        )
        entry.query.pop("access_token", None)
        scope.setdefault("state", {})["entry"] = entry
        self.journal.add(entry)

        keep_body = self.keep_bodies and entry.content_type != "multipart/form-data"

        async def listen() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                chunk = message.get("body", b"")
                entry.size += len(chunk)
                if keep_body and entry.size <= KEPT_BYTES:
                    entry.body += chunk
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.answer = message["status"]
            await send(message)

        await self.app(scope, listen, answer)


def parsed_json(body: bytearray) -> Any:
    """A JSON body; as text when it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
