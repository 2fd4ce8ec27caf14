"""Lets requests in or not, and gives every answer its headers. Around the whole application."""

import time
from collections.abc import Callable, Collection
from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alternator.dashboard.access import Access, is_same_origin

# What anybody may ask: nothing of it is anybody's.
OPEN = ("/healthz", "/readyz", "/login")
STATIC = "/static/"
# Nothing but our own files, and no page of others around ours: https://www.w3.org/TR/CSP3/.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    # Not "no-referrer": the origin of our own forms would be "null" then
    # (https://fetch.spec.whatwg.org/#append-a-request-origin-header).
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def is_open(path: str, more: Collection[str] = ()) -> bool:
    """Whether anybody may ask for a path, without the token too; also of what is below ``more``."""
    return path in OPEN or path.startswith(STATIC) or any(is_within(path, one) for one in more)


def is_within(path: str, whole: str) -> bool:
    """Whether a path is another one, or lies below it."""
    return path == whole or path.startswith(f"{whole}/")


class Door:
    """Refuses who may not come in; see ``access.py``.

    What lies below ``open_to`` looks itself who comes.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        now: Callable[[], float] = time.time,
        *,
        open_to: Collection[str] = (),
    ) -> None:
        self._app = app
        self._access = access
        self._now = now
        self._open_to = open_to

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        path = str(scope["path"])

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not path.startswith((STATIC, "/thumbnail/")):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that is not let in."""
        headers, method, path = Headers(scope=scope), scope["method"], str(scope["path"])
        host = headers.get("host", "")
        if not self._access.is_host(host):
            return told(
                HTTPStatus.MISDIRECTED_REQUEST,
                "This name does not belong to the dashboard. Use localhost or an address, or write "
                "the name into [dashboard] names.",
            )
        brings_token = self._access.brings_token(headers.get("authorization"))
        changes = method not in ("GET", "HEAD")
        if changes and not brings_token and not is_same_origin(headers.get("origin"), host):
            return told(
                HTTPStatus.FORBIDDEN,
                "This did not come from a page of the dashboard, so nothing was done. Open the "
                "dashboard itself and try again.",
            )
        if self._access.token is None or is_open(path, self._open_to):
            return None
        if brings_token or self._access.is_known(headers.get("cookie"), self._now()):
            return None
        wants_page = "text/html" in headers.get("accept", "") and "hx-request" not in headers
        if method in ("GET", "HEAD") and wants_page:
            return RedirectResponse(f"/login?next={quote(path)}", status_code=303)
        return told(
            HTTPStatus.UNAUTHORIZED,
            "The dashboard's token is missing or wrong.",
            {"WWW-Authenticate": "Bearer"},
        )


def told(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    """An answer in one sentence."""
    return PlainTextResponse(f"{text}\n", status_code=status, headers=headers)
