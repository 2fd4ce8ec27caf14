"""The web page of the demo account's posts."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

STATIC_FOLDER = Path(__file__).parent / "static"


async def show(request: Request) -> PlainTextResponse:
    """The page."""
    return PlainTextResponse("soon")


routes = [Route("/", show)]
