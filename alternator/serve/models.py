"""Several models at once: each has a transcriber of its own, which all its requests share.

Only so many are kept. The least recently used one makes room for another, once nobody uses it.
All of it happens in the event loop's thread; between looking and taking there is no ``await``, so
nothing here needs a lock.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from alternator.speech.transcriber import Transcriber

# So long, in seconds, others go first whose model is there; then they queue behind whoever waits
# for room, or a busy model would keep all others out for ever.
PATIENCE_SECONDS = 5.0


@dataclass(kw_only=True, eq=False)
class Kept:
    """One model and who uses it; ``used`` by time.monotonic()."""

    name: str
    transcriber: Transcriber
    users: int = 0
    used: float = 0.0
    leaving: bool = False


@dataclass(kw_only=True, eq=False)
class Turn:
    """Somebody who waits for a model, since when, and what wakes them."""

    name: str
    since: float
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Models:
    """``make`` gives a model's transcriber, which loads with its first request; ``most`` are kept
    at once."""

    def __init__(self, make: Callable[[str], Transcriber], most: int) -> None:
        self._make = make
        self._most = most
        self._kept: dict[str, Kept] = {}
        self._turns: list[Turn] = []
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The models that are kept now."""
        return tuple(self._kept.values())

    @property
    def waiting(self) -> int:
        """How many requests wait: for a model's room, or for a worker of it."""
        return len(self._turns) + sum(kept.transcriber.waiting for kept in self.kept)

    def transcriber(self, name: str) -> Transcriber:
        """Of a model that is kept before anybody asks. ConfigError if the settings can't be."""
        kept = self._kept.get(name) or self._open(name)
        return kept.transcriber

    def wake(self) -> None:
        """Somebody is let in, whose model is known once all of the request is there. If there is
        but one model, it is loaded meanwhile."""
        if len(self._kept) == 1:
            (kept,) = self._kept.values()
            if not kept.leaving:
                kept.transcriber.wake()

    @asynccontextmanager
    async def borrowed(self, name: str) -> AsyncIterator[Transcriber]:
        """A model's transcriber, which is not unloaded for another one's sake while the block
        runs. Waits for room if it must."""
        kept = await self._taken(name)
        try:
            yield kept.transcriber
        finally:
            kept.users -= 1
            kept.used = time.monotonic()
            self._wake()

    def close(self) -> None:
        """End all workers, also in the middle of a file. From any thread, once nobody asks."""
        if self._kept:
            with ThreadPoolExecutor(len(self._kept)) as pool:
                for kept in self.kept:
                    pool.submit(kept.transcriber.close)

    async def _taken(self, name: str) -> Kept:
        turn = Turn(name=name, since=time.monotonic())
        self._turns.append(turn)
        try:
            while True:
                turn.wake.clear()
                kept = self._offer(turn)
                if kept is not None:
                    kept.users += 1
                    return kept
                await turn.wake.wait()
        finally:
            self._turns.remove(turn)
            self._wake()

    def _offer(self, turn: Turn) -> Kept | None:
        """The model, if it is this one's turn to have it; makes room otherwise."""
        elder = self._turns[: self._turns.index(turn)]
        for_room = [other for other in elder if not self._there(other.name)]
        if self._there(turn.name):
            late = turn.since - PATIENCE_SECONDS
            return None if any(other.since < late for other in for_room) else self._kept[turn.name]
        if turn.name in self._kept or any(other.name != turn.name for other in for_room):
            return None  # it is just leaving, or others wait for room
        if len(self._kept) < self._most:
            return self._open(turn.name)
        self._make_room()
        return None

    def _there(self, name: str) -> bool:
        kept = self._kept.get(name)
        return kept is not None and not kept.leaving

    def _open(self, name: str) -> Kept:
        kept = Kept(name=name, transcriber=self._make(name), used=time.monotonic())
        self._kept[name] = kept
        return kept

    def _make_room(self) -> None:
        if any(kept.leaving for kept in self.kept):
            return
        idle = [kept for kept in self.kept if not kept.users]
        if idle:
            oldest = min(idle, key=lambda kept: kept.used)
            oldest.leaving = True
            task = asyncio.create_task(self._leave(oldest))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _leave(self, kept: Kept) -> None:
        try:
            await asyncio.to_thread(kept.transcriber.close)
        finally:
            del self._kept[kept.name]
            self._wake()

    def _wake(self) -> None:
        for turn in self._turns:
            turn.wake.set()
