"""Puts the server together: endpoints, control API, page, and what every request goes through."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from sandbox.api import accounts, control, instance, media, oauth, social, statuses, streaming
from sandbox.api.user_agent import UserAgentMiddleware
from sandbox.control.fault_middleware import FaultMiddleware
from sandbox.control.origin import OriginMiddleware
from sandbox.control.request_log import RequestLogMiddleware
from sandbox.control.websockets import WebSocketControlMiddleware
from sandbox.errors import RefusedError
from sandbox.model.limits import LimitMiddleware
from sandbox.model.sandbox import Sandbox
from sandbox.page import authorize, page
from sandbox.settings import Settings


def create_app(folder: Path, settings: Settings | None = None) -> Starlette:
    """The server as an ASGI application that keeps its posts in ``folder``."""
    sandbox = Sandbox(folder, settings or Settings())
    app = Starlette(
        routes=[
            *page.routes,
            *authorize.routes,
            *oauth.routes,
            *social.routes,
            *accounts.routes,
            *statuses.routes,
            *media.routes,
            *instance.routes,
            *streaming.routes,
            *control.routes,
            Mount("/media", StaticFiles(directory=sandbox.store.media_folder)),
            Mount("/static", StaticFiles(directory=page.STATIC_FOLDER)),
        ],
        middleware=[
            Middleware(OriginMiddleware, prefixes=("/api/", "/oauth/", "/sandbox/")),
            Middleware(
                RequestLogMiddleware, request_log=sandbox.request_log, prefixes=("/api/", "/oauth/")
            ),
            Middleware(FaultMiddleware, faults=sandbox.faults),
            Middleware(LimitMiddleware, limits=sandbox.limits),
            Middleware(
                WebSocketControlMiddleware, request_log=sandbox.request_log, faults=sandbox.faults
            ),
            Middleware(UserAgentMiddleware, needed=sandbox.settings.dialect.needs_user_agent),
        ],
        exception_handlers={RefusedError: refuse, 404: unknown_path},
    )
    app.state.sandbox = sandbox
    app.state.request_log = sandbox.request_log
    app.state.faults = sandbox.faults
    return app


async def refuse(request: Request, error: Exception) -> JSONResponse:
    """A refusal as Mastodon sends it."""
    assert isinstance(error, RefusedError)
    return JSONResponse({"error": error.message}, status_code=error.status)


async def unknown_path(request: Request, error: Exception) -> JSONResponse:
    """No such endpoint."""
    return JSONResponse({"error": "Not Found"}, status_code=404)
