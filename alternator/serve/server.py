"""uvicorn's server, which ends as this one must: what is under way is finished first."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from types import FrameType

import uvicorn

from alternator.serve.doors.wyoming import WyomingDoor
from alternator.serve.gate import Gate


class Server(uvicorn.Server):
    """uvicorn's, which ends at SIGTERM and SIGINT without raising them again: what the server
    holds is given back after it. The second signal does not wait for what is under way."""

    def __init__(self, config: uvicorn.Config, gate: Gate, wyoming: WyomingDoor) -> None:
        super().__init__(config)
        self._gate = gate
        self._wyoming = wyoming
        self.wyoming_sockets: list[socket.socket] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open all doors."""
        await super().startup(sockets)
        if not self.should_exit:
            await self._wyoming.start(self.wyoming_sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all doors, once what is under way is finished."""
        grace = self.config.timeout_graceful_shutdown or 0
        await asyncio.gather(
            self._shut_http(sockets, grace), self._wyoming.stop(grace, lambda: self.force_exit)
        )

    async def _shut_http(self, sockets: list[socket.socket] | None, grace: float) -> None:
        """Let live sessions tell what they still have, then end as uvicorn does, which closes
        WebSockets at once."""
        ends = time.monotonic() + grace
        # A signal's handler sets force_exit, and may set no event of the loop.
        while self._gate.streams and not self.force_exit and time.monotonic() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.config.timeout_graceful_shutdown = max(round(ends - time.monotonic()), 1)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own way takes none: they are taken before it says that it listens."""
        yield

    @contextlib.contextmanager
    def taking_signals(self) -> Iterator[None]:
        """Take the signals while the block runs. For the main thread."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop; at the second time, at once."""
        self.force_exit = self.should_exit
        self.stop()

    def stop(self) -> None:
        """Take no more requests, finish those under way, end."""
        self._gate.closed = True
        self.should_exit = True
