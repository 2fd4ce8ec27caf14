"""A server that nobody named, for redirects to lead to."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.serving import AppServer


class Stranger(AppServer):
    """``seen`` are the headers of what came to it all the same."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        methods = ["GET", "POST", "PUT"]
        super().__init__(Starlette(routes=[Route("/{path:path}", self.answer, methods=methods)]))

    async def answer(self, request: Request) -> JSONResponse:
        """JSON that is nearly what anybody could have asked for."""
        self.seen.append(dict(request.headers))
        return JSONResponse({"id": "1", "text": "", "spoiler_text": "", "content": ""})
