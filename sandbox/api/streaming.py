"""``/api/v1/streaming``: events by server-sent events and by WebSocket.

https://docs.joinmastodon.org/methods/streaming/; the texts of the refusals are of
https://github.com/mastodon/mastodon/blob/v4.4.8/streaming/index.js, what a server answers that has
WebSocket alone is GoToSocial's:
https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/api/client/streaming/stream.go
"""

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.api.caller import sandbox_of, serializer_of, token_of
from sandbox.model.records import Account, Token
from sandbox.model.sandbox import Sandbox
from sandbox.model.serialize import Serializer
from sandbox.model.streams import DroppedError, Stream, Way, frame

USER_STREAMS = {"user", "user/notification", "user:notification"}


async def health(request: Request) -> PlainTextResponse:
    """Whether streaming works."""
    if not sandbox_of(request).switches.streaming:
        return PlainTextResponse("Not Found", status_code=404)
    return PlainTextResponse("OK")


async def stream(request: Request) -> Response:
    """The user stream: ``/api/v1/streaming/user`` or ``/api/v1/streaming?stream=user``."""
    if not streams_by(sandbox_of(request), "sse"):
        return not_there(request)
    token = token_of(request)
    if token is None:
        given = "authorization" in request.headers or "access_token" in request.query_params
        error = "Invalid access token" if given else "Missing access token"
        return JSONResponse({"error": error}, status_code=401)
    name = request.path_params.get("name") or request.query_params.get("stream", "")
    if name not in USER_STREAMS:
        return JSONResponse({"error": "Unknown stream type"}, status_code=400)
    return open_stream(request, token.account)


class EventStream(StreamingResponse):
    """An endless answer. Cut off, it lacks its proper end, as with a broken connection."""

    async def stream_response(self, send: Send) -> None:
        """Send events until the client goes or the stream is cut."""
        with suppress(DroppedError):
            await super().stream_response(send)


def open_stream(request: Request, account: Account | None) -> EventStream:
    """An endless answer with the events that concern an account."""
    sandbox = sandbox_of(request)
    serializer = serializer_of(request)
    return EventStream(
        sandbox.hub.listen(sandbox.hub.open(account), serializer),
        media_type="text/event-stream",
        headers={"cache-control": "private, no-store", "x-accel-buffering": "no"},
    )


def streams_by(sandbox: Sandbox, way: Way) -> bool:
    """Whether the server streams this way now."""
    return sandbox.switches.streaming and sandbox.settings.streaming in ("both", way)


def not_there(request: Request) -> JSONResponse:
    """What answers a request for server-sent events that there are none of."""
    if request.path_params.get("name") is None and streams_by(sandbox_of(request), "websocket"):
        # https://github.com/gorilla/websocket/blob/v1.5.3/server.go (Upgrade)
        return JSONResponse({"error": "Bad Request"}, status_code=400)
    return JSONResponse({"error": "Not Found"}, status_code=404)


async def socket(websocket: WebSocket) -> None:
    """The user stream by WebSocket: ``/api/v1/streaming?stream=user``, perhaps with ``/user``."""
    sandbox: Sandbox = websocket.app.state.sandbox
    if not streams_by(sandbox, "websocket"):
        await websocket.send_denial_response(JSONResponse({"error": "Not Found"}, status_code=404))
        return
    token = socket_token(websocket)
    if token is None:
        # The reason is told in a header alone: the body is empty.
        headers = {"X-Error-Message": "Invalid access token"}
        await websocket.send_denial_response(Response(status_code=401, headers=headers))
        return
    # Before the handshake is answered: what is posted from then on is told.
    stream = sandbox.hub.open(token.account, "websocket")
    try:
        await websocket.accept(subprotocol=next(iter(websocket.scope["subprotocols"]), None))
        await send_events(websocket, sandbox, stream)
    except (WebSocketDisconnect, DroppedError):
        # Cut off: the server closes the connection without the WebSocket's farewell.
        pass
    finally:
        sandbox.hub.close(stream)


async def send_events(websocket: WebSocket, sandbox: Sandbox, stream: Stream) -> None:
    """Send events until the client goes (WebSocketDisconnect) or the stream is cut (DroppedError).

    The stream is asked for in the address or, later, by a message of the client's.
    """
    scheme = "https" if websocket.url.scheme == "wss" else "http"
    url = sandbox.settings.public_url or f"{scheme}://{websocket.url.netloc}"
    serializer = Serializer(sandbox.store, url.rstrip("/"), sandbox.settings.dialect)
    wanted = websocket.query_params.get("stream", "") in USER_STREAMS
    heard = asyncio.ensure_future(websocket.receive_json())
    event = asyncio.ensure_future(sandbox.hub.next_of(stream))
    try:
        while True:
            await asyncio.wait({heard, event}, return_when=asyncio.FIRST_COMPLETED)
            if heard.done():
                order = heard.result()
                wanted = order.get("type") == "subscribe" and order.get("stream") in USER_STREAMS
                heard = asyncio.ensure_future(websocket.receive_json())
            if event.done():
                found = event.result()
                event = asyncio.ensure_future(sandbox.hub.next_of(stream))
                # A WebSocket's heartbeat is its own ping, which uvicorn sends.
                if found is not None and wanted:
                    await websocket.send_text(frame(found, serializer))
    finally:
        heard.cancel()
        event.cancel()
        # Both may have ended at once: what nobody asked for is heard here.
        await asyncio.gather(heard, event, return_exceptions=True)


def socket_token(websocket: WebSocket) -> Token | None:
    """The token of a WebSocket: from its header, its query or its subprotocol."""
    scheme, _, value = websocket.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        value = websocket.query_params.get("access_token", "")
    if not value:
        value = websocket.headers.get("sec-websocket-protocol", "")
    sandbox: Sandbox = websocket.app.state.sandbox
    return sandbox.oauth.token(value.strip())


routes = [
    Route("/api/v1/streaming/health", health),
    WebSocketRoute("/api/v1/streaming", socket),
    WebSocketRoute("/api/v1/streaming/{name:path}", socket),
    Route("/api/v1/streaming", stream),
    Route("/api/v1/streaming/{name:path}", stream),
]
