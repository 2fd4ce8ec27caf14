"""The open event streams and what is sent down them.

https://docs.joinmastodon.org/methods/streaming/#events has the events and their payloads;
https://github.com/mastodon/mastodon/blob/v4.4.8/streaming/index.js greets and beats like this.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sandbox.model.records import DEMO_ACCOUNT, Account, Status
from sandbox.model.serialize import Serializer
from sandbox.params import Json


class DroppedError(Exception):
    """A stream that was cut off on purpose: the client sees a broken connection."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One server-sent event; ``payload`` is a status, an id, or JSON that a test made up."""

    name: str
    payload: Status | Json


@dataclass(kw_only=True, eq=False)
class Stream:
    """One client's connection. ``account`` is None for the web page's own."""

    account: Account | None
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    muted: bool = False

    def put(self, event: Event | None) -> None:
        """Hand over an event from any thread; None ends the stream."""
        # A stream whose server has stopped has nobody left to hear it.
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.events.put_nowait, event)


class Hub:
    """All open streams. Its methods may be called from any thread."""

    def __init__(self, heartbeat_seconds: float) -> None:
        self.heartbeat_seconds = heartbeat_seconds
        self.lock = threading.Lock()
        self.streams: set[Stream] = set()

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

    def open(self, account: Account | None) -> Stream:
        """Register a stream of the calling event loop."""
        stream = Stream(account=account, loop=asyncio.get_running_loop())
        with self.lock:
            self.streams.add(stream)
        return stream

    async def listen(self, stream: Stream, serializer: Serializer) -> AsyncIterator[str]:
        """The text of one stream: a greeting, events, and a comment line at every heartbeat.

        Raises:
            DroppedError: when the stream was cut; the server then breaks the connection.
        """
        try:
            yield ":)\n"
            while True:
                try:
                    event = await asyncio.wait_for(stream.events.get(), self.heartbeat_seconds)
                except TimeoutError:
                    if not stream.muted:
                        yield ":thump\n"
                    continue
                if event is None:
                    raise DroppedError
                if not stream.muted and concerns(event, stream):
                    yield encode(event, serializer)
        finally:
            with self.lock:
                self.streams.discard(stream)


def concerns(event: Event, stream: Stream) -> bool:
    """Whether an event belongs in a stream: direct posts reach nobody but their author."""
    if stream.account is None or not isinstance(event.payload, Status):
        return True
    if event.payload.account_id == stream.account.id:
        return True
    # The demo account follows the neighbour and not the other way round.
    return stream.account == DEMO_ACCOUNT and event.payload.visibility != "direct"


def encode(event: Event, serializer: Serializer) -> str:
    """An event as server-sent events have it."""
    if isinstance(event.payload, Status):
        data = json.dumps(serializer.status(event.payload), ensure_ascii=False)
    elif isinstance(event.payload, str):
        data = event.payload
    else:
        data = json.dumps(event.payload, ensure_ascii=False)
    return f"event: {event.name}\ndata: {data}\n\n"
