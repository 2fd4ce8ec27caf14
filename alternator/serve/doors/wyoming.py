"""The Wyoming protocol, by which Home Assistant has speech transcribed, on a port of its own.

The code is our own; the package ``wyoming`` has a server too, which bounds neither what a client
sends, nor how long it is silent, nor how many there are (wyoming 1.10, server.py and event.py).
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from alternator.serve.doors.wyoming_events import MOST_LINE, write_event
from alternator.serve.doors.wyoming_session import Session
from alternator.serve.service import Service
from alternator.serve.tokens import Client

log = logging.getLogger(__name__)

# So many connections are open at once, be they silent.
MOST_CONNECTIONS = 256
# While sessions end, whether they are to be given up is looked at so often, in seconds.
LOOK_SECONDS = 0.1
CLOSE_SECONDS = 1.0
ANYBODY = Client(name="wyoming")


class WyomingDoor:
    """Serves on sockets that listen already; all of it in the event loop's thread."""

    def __init__(self, service: Service, most: int = MOST_CONNECTIONS) -> None:
        self._service = service
        self._most = most
        self._sessions: dict[asyncio.Task[None], Session] = {}
        self._servers: list[asyncio.Server] = []

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Answer from now on."""
        for one in sockets:
            server = await asyncio.start_server(self._connected, sock=one, limit=MOST_LINE)
            self._servers.append(server)

    async def stop(self, grace_seconds: float, given_up: Callable[[], bool]) -> None:
        """Take no more connections, finish the requests under way, end those that have none.

        What is left after ``grace_seconds``, or once ``given_up``, is cancelled.
        """
        for server in self._servers:
            server.close()
        loop = asyncio.get_running_loop()
        until = loop.time() + grace_seconds
        while self._sessions:
            late = given_up() or loop.time() > until
            for task, session in self._sessions.items():
                if late or not session.busy:
                    task.cancel()
            await asyncio.wait(list(self._sessions), timeout=LOOK_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio starts one for each connection"
        session = Session(self._service, ANYBODY, reader, writer)
        try:
            if len(self._sessions) >= self._most:
                text = f"the server is full: {self._most} connections are open"
                await write_event(writer, "error", {"text": text, "code": "rate_limit_exceeded"})
                return
            self._sessions[task] = session
            await session.run()
        except asyncio.CancelledError:
            pass  # the server ends, and nobody waits for this task
        except ConnectionError:
            pass
        except Exception:
            log.exception("a Wyoming connection failed; this should not have happened")
        finally:
            self._sessions.pop(task, None)
            await close(writer)


async def close(writer: asyncio.StreamWriter) -> None:
    """End a connection; one whose client does not read what it is owed is cut off."""
    writer.close()
    with suppress(ConnectionError, TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await writer.wait_closed()
    writer.transport.abort()
