"""``/api/v1/streaming``: server-sent events. Mastodon has WebSockets too, the sandbox not.

https://docs.joinmastodon.org/methods/streaming/; the texts of the refusals are of
https://github.com/mastodon/mastodon/blob/v4.4.8/streaming/index.js
"""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send

from sandbox.api.caller import sandbox_of, serializer_of, token_of
from sandbox.model.records import Account
from sandbox.model.streams import DroppedError

USER_STREAMS = {"user", "user/notification", "user:notification"}


async def health(request: Request) -> PlainTextResponse:
    """Whether streaming works."""
    if not sandbox_of(request).switches.streaming:
        return PlainTextResponse("Not Found", status_code=404)
    return PlainTextResponse("OK")


async def stream(request: Request) -> Response:
    """The user stream: ``/api/v1/streaming/user`` or ``/api/v1/streaming?stream=user``."""
    if not sandbox_of(request).switches.streaming:
        return JSONResponse({"error": "Not Found"}, status_code=404)
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


routes = [
    Route("/api/v1/streaming/health", health),
    Route("/api/v1/streaming", stream),
    Route("/api/v1/streaming/{name:path}", stream),
]
