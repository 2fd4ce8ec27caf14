"""The request log: every API request that came in, for tests to look at."""

import fnmatch
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT_REQUESTS = 2_000
KEPT_BYTES = 256 * 1024  # of one body; a longer one is left out


class PictureNotes(TypedDict, total=False):
    """One picture that the vision endpoint was sent; sizes in pixels and bytes."""

    media_type: str  # as its data URL says
    image_bytes: int
    width: int
    height: int
    exif_orientation: int | None


class QuestionNotes(PictureNotes, total=False):
    """What the vision endpoint adds to a request; of its pictures the first, and then all."""

    model: str
    prompt: str
    max_tokens: int | None
    pictures: list[PictureNotes]


class LoggedRequest(QuestionNotes):
    """One request in ``GET /sandbox/requests``; ``json`` or ``form`` hold what was sent."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str
    authorized: bool
    at: float  # Unix time in seconds
    size: int  # of the body, in bytes
    answer: int | None  # the status code sent, None while none was
    json: NotRequired[Any]  # whatever the client sent: tests look into it
    form: NotRequired[list[tuple[str, str]]]


@dataclass(kw_only=True, eq=False)
class Entry:
    """One request; its fields are those of ``LoggedRequest``."""

    method: str
    path: str
    query: dict[str, str]
    content_type: str
    authorized: bool
    at: float
    answer: int | None = None
    size: int = 0
    body: bytearray = field(default_factory=bytearray)
    notes: QuestionNotes = field(default_factory=QuestionNotes)

    def as_json(self) -> LoggedRequest:
        """The entry for ``GET /sandbox/requests``."""
        document: LoggedRequest = {
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "content_type": self.content_type,
            "authorized": self.authorized,
            "at": self.at,
            "size": self.size,
            "answer": self.answer,
        }
        if self.size and self.size == len(self.body):
            if self.content_type == "application/json":
                document["json"] = parsed_json(self.body)
            elif self.content_type == "application/x-www-form-urlencoded":
                document["form"] = parse_qsl(
                    self.body.decode("utf-8", "replace"), keep_blank_values=True
                )
        # Two dictionaries whose types are open can't be joined with their types kept.
        return cast(LoggedRequest, {**document, **self.notes})


class RequestLog:
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

    def find(self, method: str | None = None, path: str | None = None) -> list[LoggedRequest]:
        """Entries with this method and with a path like this glob (``/api/v1/statuses/*``)."""
        with self.lock:
            entries = list(self.entries)
        return [
            entry.as_json()
            for entry in entries
            if (method is None or entry.method == method.upper())
            and (path is None or fnmatch.fnmatchcase(entry.path, path))
        ]


def request_log_of(request: Request) -> RequestLog:
    """The request log of the server that a request came to."""
    request_log: RequestLog = request.app.state.request_log
    return request_log


def entry_of(request: Request) -> Entry:
    """The entry of a request in the log, for an endpoint to add notes to."""
    entry: Entry = request.scope["state"]["entry"]
    return entry


class RequestLogMiddleware:
    """Writes each request under one of ``prefixes`` to the log."""

    def __init__(
        self,
        app: ASGIApp,
        request_log: RequestLog,
        prefixes: tuple[str, ...],
        keep_bodies: bool = True,
    ) -> None:
        self.app = app
        self.request_log = request_log
        self.prefixes = prefixes
        self.keep_bodies = keep_bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and take down what comes and goes."""
        if scope["type"] != "http" or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        entry = entry_for(scope)
        scope.setdefault("state", {})["entry"] = entry
        self.request_log.add(entry)
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


def entry_for(scope: Scope) -> Entry:
    """The entry of a request that has just begun; an access token in its query is left out."""
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    query.pop("access_token", None)
    return Entry(
        method=scope["method"],
        path=scope["path"],
        query=query,
        content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        authorized="authorization" in headers,
        at=time.time(),
    )


def parsed_json(body: bytearray) -> Any:
    """A JSON body; as text when it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
