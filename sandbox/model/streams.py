"""The open event streams, by server-sent events or WebSocket, and what is sent down them.

https://docs.joinmastodon.org/methods/streaming/#events has the events and their payloads;
https://github.com/mastodon/mastodon/blob/v4.4.8/streaming/index.js greets and beats like this.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sandbox.model.records import FOLLOWS, Account, Notification, Status
from sandbox.model.serialize import Serializer
from sandbox.params import Json

Way = Literal["sse", "websocket"]


class DroppedError(Exception):
    """A stream that was cut off on purpose: the client sees a broken connection."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event; ``payload`` is a status, an id, or JSON that a test made up."""

    name: str
    payload: Status | Notification | Json


@dataclass(kw_only=True, eq=False)
class Stream:
    """One client's connection. ``account`` is None for the web page's own."""

    account: Account | None
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    muted: bool = False  # says nothing at all
    deaf: bool = False  # beats, and has no events

    def put(self, event: Event | None) -> None:
        """Hand over an event from any thread; None ends the stream."""
        # A stream whose server has stopped has nobody left to hear it.
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.events.put_nowait, event)


class Hub:
    """All open streams. Its methods may be called from any thread."""

    def __init__(
        self, heartbeat_seconds: float, follows: Mapping[str, frozenset[str]] = FOLLOWS
    ) -> None:
        self.heartbeat_seconds = heartbeat_seconds
        self.follows = follows  # who follows whom, by ids, at any moment
        self.lock = threading.Lock()
        self.streams: set[Stream] = set()
        # The ways whose new streams never say anything, and those that beat and have no events.
        self.silent: frozenset[Way] = frozenset()
        self.deaf: frozenset[Way] = frozenset()

    def publish(self, event: Event) -> None:
        """Send an event to every open stream."""
        with self.lock:
            streams = list(self.streams)
        for stream in streams:
            stream.put(event)

    def drop(self) -> int:
        """Cut every stream without a proper end; returns how many there were."""
        with self.lock:
            streams = list(self.streams)
        for stream in streams:
            stream.put(None)
        return len(streams)

    def mute(self) -> int:
        """Leave the open streams open but silent, heartbeats included: a half-dead connection."""
        with self.lock:
            for stream in self.streams:
                stream.muted = True
            return len(self.streams)

    def open(self, account: Account | None, way: Way = "sse") -> Stream:
        """Register a stream of the calling event loop."""
        stream = Stream(
            account=account,
            loop=asyncio.get_running_loop(),
            muted=way in self.silent,
            deaf=way in self.deaf,
        )
        with self.lock:
            self.streams.add(stream)
        return stream

    def close(self, stream: Stream) -> None:
        """A stream whose client has gone."""
        with self.lock:
            self.streams.discard(stream)

    async def next_of(self, stream: Stream) -> Event | None:
        """The next event of a stream; None when it is time for a heartbeat.

        Raises:
            DroppedError: the stream was cut; the server then breaks the connection.
        """
        while True:
            try:
                event = await asyncio.wait_for(stream.events.get(), self.heartbeat_seconds)
            except TimeoutError:
                if not stream.muted:
                    return None
                continue
            if event is None:
                raise DroppedError
            if not (stream.muted or stream.deaf) and concerns(event, stream, self.follows):
                return event

    async def listen(self, stream: Stream, serializer: Serializer) -> AsyncIterator[str]:
        """The text of one stream: a greeting, events, and a comment line at every heartbeat.

        Raises:
            DroppedError: when the stream was cut; the server then breaks the connection.
        """
        try:
            if not stream.muted:
                yield ":)\n"
            while True:
                event = await self.next_of(stream)
                yield ":thump\n" if event is None else encode(event, serializer)
        finally:
            self.close(stream)


def concerns(event: Event, stream: Stream, follows: Mapping[str, frozenset[str]] = FOLLOWS) -> bool:
    """Whether an event belongs in a stream: direct posts reach nobody but their author."""
    if isinstance(event.payload, Notification):
        return stream.account is not None and event.payload.to == stream.account.id
    if stream.account is None or not isinstance(event.payload, Status):
        return True
    author = event.payload.account_id
    if author == stream.account.id:
        return True
    followed = follows.get(stream.account.id, frozenset())
    return author in followed and event.payload.visibility != "direct"


def encode(event: Event, serializer: Serializer) -> str:
    """An event as server-sent events have it."""
    return f"event: {event.name}\ndata: {payload_of(event, serializer)}\n\n"


def frame(event: Event, serializer: Serializer) -> str:
    """An event as a WebSocket's message has it: the payload is a text in JSON, also if it is JSON.

    https://docs.joinmastodon.org/methods/streaming/#events
    """
    payload = payload_of(event, serializer)
    return json.dumps({"stream": ["user"], "event": event.name, "payload": payload})


def payload_of(event: Event, serializer: Serializer) -> str:
    """What an event brings, as text."""
    if isinstance(event.payload, Status):
        return json.dumps(serializer.status(event.payload), ensure_ascii=False)
    if isinstance(event.payload, Notification):
        return json.dumps(serializer.notification(event.payload), ensure_ascii=False)
    if isinstance(event.payload, str):
        return event.payload
    return json.dumps(event.payload, ensure_ascii=False)
