"""Refuses requests without a ``User-Agent``, as GoToSocial does.

https://github.com/superseriousbusiness/gotosocial/blob/v0.20.0-rc1/internal/middleware/useragent.go
"""

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

TEAPOT = {"error": "I'm a teapot: no user-agent sent with request"}


class UserAgentMiddleware:
    """Answers 418 to an API request that does not say who asks, where the dialect does."""

    def __init__(self, app: ASGIApp, needed: bool) -> None:
        self.app = app
        self.needed = needed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or don't."""
        concerned = self.needed and scope["type"] == "http" and scope["path"].startswith("/api/")
        if concerned and not Headers(scope=scope).get("user-agent"):
            await JSONResponse(TEAPOT, status_code=418)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
