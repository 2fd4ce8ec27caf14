"""``/v1/realtime?intent=transcription``: a WebSocket that sound goes into and text comes out of.

OpenAI's events: https://platform.openai.com/docs/guides/realtime-transcription; the shapes are
those of https://github.com/openai/openai-python/tree/main/src/openai/types/realtime
"""

import asyncio
import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from alternator.live.pace import Pace
from alternator.serve.errors import ApiError, refused
from alternator.serve.fields import shown
from alternator.serve.realtime_dialogue import Dialogue
from alternator.serve.realtime_session import created
from alternator.serve.service import Service
from alternator.serve.tokens import Client

log = logging.getLogger(__name__)

# What the log and the metrics call it.
DOOR = "live"
# Pages can send no headers with a WebSocket; OpenAI takes the key as one of its protocols.
# https://platform.openai.com/docs/guides/realtime-websocket
PROTOCOL = "realtime"
KEY_PROTOCOL = "openai-insecure-api-key."


class RealtimeEndpoint:
    """All live sessions, as an ASGI application."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._paces: dict[str, Pace] = defaultdict(Pace)  # by the model's name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One session, from its handshake to its end."""
        socket = WebSocket(scope, receive, send)
        began = time.monotonic()
        client, status = Client(name="?"), 500
        try:
            client = self._service.tokens.client(authorization_of(socket))
            intent = socket.query_params.get("intent", "transcription")
            if intent != "transcription":
                raise refused("intent", f"this server only writes down: not {shown(intent)}")
            model = self._service.names.find(socket.query_params.get("model", ""))
            with self._service.gate.entered(client), self._counted():
                protocols: list[str] = scope.get("subprotocols", [])
                await socket.accept(subprotocol=PROTOCOL if PROTOCOL in protocols else None)
                session = created(f"sess_{secrets.token_hex(8)}", model.id)
                dialogue = Dialogue(self._service, socket, session, self._paces)
                status = await dialogue.run()
        except ApiError as error:
            status = error.status
            await socket.send_denial_response(error.response())
        except asyncio.CancelledError:
            status = 499
            raise
        finally:
            seconds = time.monotonic() - began
            self._service.metrics.requests.labels(task=DOOR, status=str(status)).inc()
            log.info("%s: %s, %d after %.2f s", client.name, DOOR, status, seconds)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._service.gate.streams += 1
        try:
            yield
        finally:
            self._service.gate.streams -= 1


def authorization_of(socket: WebSocket) -> str | None:
    """The header, or what a page sends in its place."""
    header = socket.headers.get("authorization")
    if header is not None:
        return header
    for protocol in socket.scope.get("subprotocols", []):
        if protocol.startswith(KEY_PROTOCOL):
            return f"Bearer {protocol.removeprefix(KEY_PROTOCOL)}"
    return None
