"""Lets a client that is refused come to read why, though it is still sending.

Closed with unread data, a connection is reset, and the client may lose the answer with it:
https://www.rfc-editor.org/rfc/rfc9112#section-9.6.
"""

import asyncio
from contextlib import suppress

from starlette.types import Message, Receive

# What a refused client still sends is read for so long, in seconds.
LINGER_SECONDS = 2.0


class Body:
    """A request's ``receive``, which knows whether more of the body is to come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.ended = False

    async def receive(self) -> Message:
        """The next message."""
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body"):
            self.ended = True
        return message

    async def linger(self) -> None:
        """Read for a moment what still comes, and forget it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.ended:
                    await self.receive()
