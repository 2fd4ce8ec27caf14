"""Server-sent events: https://docs.joinmastodon.org/methods/streaming/#http

Mastodon.py would read them byte by byte and keep a line of any length; here lines and events have
a limit, and a connection that brings bytes but no lines is dead.
"""

import re
import time
from collections.abc import Generator, Iterator

import requests

from alternator.errors import TemporaryServerError
from alternator.mastodon import server_errors
from alternator.mastodon.streams.events import MOST_BYTES, SILENCE_SECONDS, Event
from alternator.mastodon.streams.refusals import refusal
from alternator.web.session import Limits, Opened, WebSession

# https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
END_OF_LINE = re.compile(rb"\r\n|\n|\r")


class Lines:
    """Puts pieces of a stream together into lines. TemporaryServerError for an endless one."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def of(self, piece: bytes) -> list[bytes]:
        """The lines that a piece ends, without their ends."""
        self._rest += piece
        # What can't end a line need not be looked through again with the next piece.
        if not END_OF_LINE.search(piece):
            found = []
        else:
            # The second half of "\r\n" may be still to come.
            held = b"\r" if self._rest.endswith(b"\r") else b""
            *found, rest = END_OF_LINE.split(bytes(self._rest.removesuffix(held)))
            self._rest = bytearray(rest + held)
        if len(self._rest) > MOST_BYTES:
            raise too_long()
        return found


class Events:
    """Puts lines together into events. TemporaryServerError for one that is too long."""

    def __init__(self) -> None:
        self._name = ""
        self._data: list[str] = []
        self._size = 0  # bytes of its lines

    def add(self, line: bytes) -> Event | None:
        """The event that a line ends; None if it ends none."""
        if not line:
            name, data = self._name, "\n".join(self._data)
            self._name, self._data, self._size = "", [], 0
            return Event(name=name, payload=data) if name else None
        field, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        self._size += len(line)
        if self._size > MOST_BYTES:
            raise too_long()
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        return None


class SseSource:
    """``EventSource`` by server-sent events. ``session`` sends the token, and is this one's own."""

    name = "server-sent events"

    def __init__(
        self, session: WebSession, url: str, *, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._session = session
        self._url = url
        self._silence = silence_seconds

    def events(self) -> Generator[Event | None, None, None]:
        """See ``EventSource``."""
        limits = Limits(seconds=self._silence, silence=self._silence, endless=True)
        accepted = {"Accept": "text/event-stream"}
        try:
            with self._session.opened("GET", self._url, headers=accepted, limits=limits) as opened:
                if opened.status != 200:
                    raise refusal(self._url, opened.status)
                self._check_type(opened)
                yield None
                yield from self._read(opened)
        except requests.RequestException as error:
            raise server_errors.unreachable(self._url, error) from error
        raise TemporaryServerError(f"{self._url}: the server ended the stream")

    def _read(self, opened: Opened) -> Iterator[Event | None]:
        lines, events = Lines(), Events()
        heard = time.monotonic()
        for piece in opened.pieces():
            found = lines.of(piece)
            if found:
                heard = time.monotonic()
            elif time.monotonic() - heard > self._silence:
                raise TemporaryServerError(f"{self._url}: bytes come, and no line ends")
            for line in found:
                yield events.add(line)

    def _check_type(self, opened: Opened) -> None:
        """A proxy's page is no stream, although its status is 200."""
        kind = opened.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "text/event-stream":
            raise TemporaryServerError(f"{self._url} answers with no stream of events")


def too_long() -> TemporaryServerError:
    """An event that nobody can want to read."""
    return TemporaryServerError(f"an event of the stream has more than {MOST_BYTES} bytes")
