"""A TCP proxy between two parts of a cluster, which cuts, resets, slows and holds connections.

In an event loop of its own thread, on a free port of the loopback interface. ``target`` is a port
of it, or the path of a socket.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is closed ends with RST
CHUNK = 16 * 1024


@dataclass(kw_only=True)
class Manner:
    """How connections are treated from now on.

    ``refuses``: new ones are reset. ``holds``: new ones are accepted, and nobody says anything.
    ``silent``: nothing is passed on any more, of those that are open either, as by a cable that is
    out. ``pace`` is bytes a second of answers, ``delay`` seconds before each piece.
    ``breaks_after`` is after how many bytes of answers a connection is reset; ``breaks`` how many
    more are.
    """

    refuses: bool = False
    holds: bool = False
    silent: bool = False
    pace: float = 0.0
    delay: float = 0.0
    breaks_after: int = 0
    breaks: int = 0


class Proxy:
    """One proxy; a context. ``manner`` may be changed at any time."""

    def __init__(self, target: int | Path) -> None:
        self.manner = Manner()
        self.connections = 0  # since the start
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._asked(asyncio.start_server(self._come, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._asked(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def cut(self) -> None:
        """End all connections, as who ends in good order."""
        self._asked(self._close(reset=False))

    def reset(self) -> None:
        """End all connections by RST, as who dies."""
        self._asked(self._close(reset=True))

    def well(self) -> None:
        """Pass everything on from now on, and end what hangs."""
        self.manner = Manner()
        self.reset()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _asked(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _end(self) -> None:
        self._server.close()
        await self._close(reset=True)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _close(self, *, reset: bool) -> None:
        for writer in list(self._open):
            end(writer, reset=reset)
        await asyncio.sleep(0)

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            if self.manner.refuses:
                end(writer, reset=True)
                return
            while self.manner.holds:  # noqa: ASYNC110 - the manner is set by another thread
                await asyncio.sleep(0.05)
            answers, there = await self._connected()
            self._open.add(there)
            await asyncio.gather(
                self._pass(reader, there, answers=False), self._pass(answers, writer, answers=True)
            )
        except (OSError, asyncio.CancelledError):
            end(writer, reset=True)
        finally:
            self._tasks.discard(task)
            for one in (writer, there):
                if one is not None:
                    self._open.discard(one)
                    end(one, reset=False)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, int):
            return await asyncio.open_connection("127.0.0.1", self._target)
        return await asyncio.open_unix_connection(self._target)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        """Pass on what comes, in the manner of the moment; the end too."""
        passed = 0
        while True:
            size = max(int(self.manner.pace / 20), 1) if self.manner.pace else CHUNK
            piece = await reader.read(size if answers else CHUNK)
            while self.manner.silent:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
            if not piece:
                break
            if answers:
                passed += len(piece)
                if self.manner.breaks and passed > self.manner.breaks_after:
                    self.manner.breaks -= 1
                    writer.write(piece[: len(piece) // 2])
                    await writer.drain()
                    end(writer, reset=True)
                    return
                pause = self.manner.delay + (0.05 if self.manner.pace else 0.0)
                if pause:
                    await asyncio.sleep(pause)
            writer.write(piece)
            await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.write_eof()


def end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """End one side of a connection."""
    if reset:
        inner = writer.get_extra_info("socket")
        with suppress(OSError):
            if inner.family != socket.AF_UNIX:
                inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    else:
        writer.close()
