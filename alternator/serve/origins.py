"""Keeps pages of other sites from using a server that asks for no token.

A form may be sent to any address that a browser reaches, this machine's own included, without
asking that site first: https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS#simple_requests
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from alternator.serve.errors import ApiError
from alternator.serve.fields import shown


class OwnPagesOnly:
    """Refuses what a page of another origin sends, but for those of ``allowed``."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and not self._is_own(origin, headers.get("host", "")):
                error = ApiError(
                    403,
                    f"pages of {shown(origin)} may not use this server; its operator can allow it "
                    f"with --origin",
                    code="origin_not_allowed",
                )
                await error.response()(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_own(self, origin: str, host: str) -> bool:
        return origin in self._allowed or urlsplit(origin).netloc == host
