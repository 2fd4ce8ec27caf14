"""Events by WebSocket: https://docs.joinmastodon.org/methods/streaming/#websocket

GoToSocial, Pleroma and Akkoma have no other way, Mastodon has both. The library opens and reads
the connection (https://websockets.readthedocs.io/en/stable/reference/asyncio/client.html); it is
loaded only where this way is taken. Its event loop runs in the thread that asks for the next event,
and only so long: the library's other client takes a thread of its own for each connection.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from alternator.errors import ServerError, TemporaryServerError, UnexpectedAnswerError
from alternator.mastodon import server_errors
from alternator.mastodon.json_fields import fields_of, text_of
from alternator.mastodon.streams.events import MOST_BYTES, SILENCE_SECONDS, Event
from alternator.mastodon.streams.refusals import refusal
from alternator.web.json_body import NoJsonError, parse_json

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

log = logging.getLogger(__name__)

OPEN_SECONDS = 30.0  # connection, TLS and handshake together
CLOSE_SECONDS = 2.0  # a farewell that nobody needs
# Messages that wait to be read, each of MOST_BYTES at the most; the rest waits at the server.
QUEUE = 4
# A ping for each; one that is not answered by the next is the end.
PINGS_IN_SILENCE = 4


class WebSocketSource:
    """``EventSource`` by WebSocket."""

    name = "WebSocket"

    def __init__(
        self, url: str, token: str, user_agent: str, *, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._url = url
        self._token = token
        self._user_agent = user_agent
        self._ping_seconds = silence_seconds / PINGS_IN_SILENCE
        # GoToSocial takes the token of the bot's three scopes in this header alone, Pleroma and
        # Akkoma only as the subprotocol (handler.ex, authenticate_request); Mastodon takes both.
        # https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/api/client/streaming/stream.go
        # https://github.com/external-mirrors/pleroma/blob/develop/lib/pleroma/web/mastodon_api/websocket_handler.ex
        # Never in the address, which proxies write down.
        self._as_subprotocol = False

    def events(self) -> Generator[Event | None, None, None]:
        """See ``EventSource``."""
        with asyncio.Runner() as loop:
            heard = self.listen()

            async def following() -> Event | None:
                return await anext(heard)

            try:
                opened = loop.run(following())
                # Looking up the server's name took a thread, which would stay.
                loop.run(loop.get_loop().shutdown_default_executor())
                yield opened
                while True:
                    yield loop.run(following())
            finally:
                loop.run(heard.aclose())

    async def listen(self) -> AsyncGenerator[Event | None, None]:
        """The same within an event loop, which may have many of them: ``hub.py``."""
        from websockets.exceptions import ConnectionClosed

        connection = await self._opened()
        try:
            yield None
            async for event in self._read(connection):
                yield event
        except ConnectionClosed as error:
            raise TemporaryServerError(f"{self._url}: the WebSocket broke off") from error
        finally:
            await connection.close()

    async def _opened(self) -> "ClientConnection":
        """An open connection, the token sent in the one way or the other; errors as of
        ``events``."""
        from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException

        try:
            return await self._open()
        except InvalidStatus as error:
            status = error.response.status_code
            if status in (401, 403) and not self._as_subprotocol:
                self._as_subprotocol = True
                return await self._opened()
            self._as_subprotocol = False
            raise refusal(self._url, status) from error
        except InvalidHandshake as error:
            # No answer in HTTP, or one that is none to this question: a proxy that does not pass
            # WebSockets on.
            raise TemporaryServerError(f"{self._url} does not open a WebSocket") from error
        except (WebSocketException, ValueError, ImportError) as error:
            raise ServerError(f"{self._url}: no WebSocket can be opened: {error}") from error
        except OSError as error:
            raise server_errors.unreachable(self._url, error) from error

    async def _read(self, connection: "ClientConnection") -> AsyncGenerator[Event | None, None]:
        """The messages; a ping tells a quiet connection from a dead one."""
        answered = asyncio.ensure_future(await connection.ping())
        while True:
            try:
                async with asyncio.timeout(self._ping_seconds):
                    message = await connection.recv()
            except TimeoutError:
                # One that answers and never ends a message brings nothing: who looks for posts
                # notices (alternator/bot/attendance.py), and it ends after 4096 pieces.
                if not answered.done():
                    raise TemporaryServerError(f"{self._url}: the WebSocket is dead") from None
                answered = asyncio.ensure_future(await connection.ping())
                yield None
            else:
                yield self._event_of(message)

    def _event_of(self, message: str | bytes) -> Event | None:
        """The event in a message, if it is one."""
        try:
            return read_message(message)
        except UnexpectedAnswerError as error:
            log.debug("a message of the WebSocket is left out: %s", error)
            return None

    async def _open(self) -> "ClientConnection":
        """The open connection. Errors are the library's."""
        from websockets.asyncio.client import connect
        from websockets.typing import Subprotocol

        class Direct(connect):
            """Without redirects: the token would go along."""

            def process_redirect(self, exc: Exception) -> Exception | str:
                return exc

        authorization = {"Authorization": f"Bearer {self._token}"}
        return await Direct(
            self._url,
            ssl=tls_context() if urlsplit(self._url).scheme == "wss" else None,
            subprotocols=[Subprotocol(self._token)] if self._as_subprotocol else None,
            additional_headers=None if self._as_subprotocol else authorization,
            user_agent_header=self._user_agent,
            # Its buffers would cost more memory than the events have bytes.
            compression=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=None,  # of ours, see _read: nothing runs while nobody asks
            max_size=MOST_BYTES,
            max_queue=QUEUE,
        )


def read_message(message: str | bytes) -> Event | None:
    """The event in a message; None for one that has none.

    ``{"stream": ["user"], "event": "update", "payload": "{…}"}``; one about a refused
    subscription has ``error`` instead.

    Raises:
        UnexpectedAnswerError: it is no message of a stream.
        ServerError: the stream is refused.
    """
    if isinstance(message, bytes):
        return None
    try:
        fields = fields_of(parse_json(message), "event")
    except NoJsonError:
        raise UnexpectedAnswerError("a message of the WebSocket is no JSON") from None
    name = text_of(fields, "event")
    if name is None:
        if "error" in fields:
            raise ServerError("the server refuses the stream to the access token")
        return None
    return Event(name=name, payload=text_of(fields, "payload") or "")


def tls_context() -> ssl.SSLContext:
    """Trusts whom requests trusts: REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, or its own bundle.

    https://requests.readthedocs.io/en/latest/user/advanced/#ssl-cert-verification
    """
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    bundle = named or DEFAULT_CA_BUNDLE_PATH
    if Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    return ssl.create_default_context(cafile=bundle)
