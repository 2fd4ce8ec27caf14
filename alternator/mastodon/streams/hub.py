"""The streams of many accounts in one event loop: a thread for all, not one for each.

By WebSocket alone: all servers that stream have it, and it tells a quiet connection from a dead one
by a ping. An account whose server refuses it is told of by looking through its posts. What a
connection brings is handed to a pool of threads, in order for each account, since it is written
into the state; while that takes its time, the account's connection is not read.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from contextlib import aclosing
from functools import partial

from alternator.log import Thread
from alternator.mastodon.streams.events import EventReader
from alternator.mastodon.streams.following import End, Following, Hearer
from alternator.mastodon.streams.websocket import WebSocketSource
from alternator.stopping import Stop, Stopping

log = logging.getLogger(__name__)

# Connections that are opened at the same time: each costs a handshake with TLS.
OPENED_AT_ONCE = 16
END_SECONDS = 5.0


class Followed:
    """An account's stream in the hub."""

    def __init__(
        self,
        source: WebSocketSource,
        reader: EventReader,
        stop: Stop,
        hearer: Hearer,
    ) -> None:
        self.following = Following((source,), reader, stop, hearer)
        self.stop = stop
        self.task: Future[None] | None = None

    @property
    def connection(self) -> int:
        """The number of the open connection, 0 without one. For other threads."""
        return self.following.connection


class StreamHub:
    """Keeps streams open. ``pool`` takes what they bring. All methods are for any thread."""

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="streams")
        self._opening: asyncio.Semaphore | None = None
        self._ready = threading.Event()
        self._closing = threading.Lock()  # guards what follows
        self._closed = False

    def start(self) -> None:
        """Begin."""
        self._thread.start()
        self._ready.wait()

    def follow(self, followed: Followed) -> None:
        """Keep this stream open until ``leave``; not once all are closed."""
        with self._closing:
            if not self._closed:
                followed.task = self._begin(self._follow(followed))

    def leave(self, followed: Followed) -> None:
        """Close a stream."""
        if followed.task is not None:
            followed.task.cancel()

    def close(self) -> None:
        """Close all."""
        with self._closing:
            self._closed = True
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(END_SECONDS)

    def _begin(self, work: Coroutine[None, None, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._opening = asyncio.Semaphore(OPENED_AT_ONCE)
        self._loop.call_soon(self._ready.set)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        """Close what is open."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            if not task.cancelling():  # one that is closing its connection goes on with that
                task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=END_SECONDS)

    async def _in_pool(self, work: Callable[[], None]) -> None:
        """Have something done that waits for the state."""
        await self._loop.run_in_executor(self._pool, work)

    async def _follow(self, followed: Followed) -> None:
        """Connect, listen, and connect again."""
        try:
            while not followed.stop.requested:
                end = await self._listen(followed)
                await asyncio.sleep(followed.following.seconds_after(end))
        except Stopping:
            return

    async def _listen(self, followed: Followed) -> End:
        """One connection, until it breaks; what it was worth."""
        following, opening = followed.following, self._opening
        assert opening is not None
        following.begin()
        try:
            async with aclosing(following.way.listen()) as events:
                async with opening:
                    await anext(events)
                await self._in_pool(following.opened)
                async for event in events:
                    status = following.read(event)
                    if status is not None:
                        await self._in_pool(partial(following.notice, status))
                    if following.is_deaf():
                        return "useless"
            return "useless"
        except Exception as error:  # noqa: BLE001 - told there: an event must not end this
            return following.broke(error)
        finally:
            following.ended()
