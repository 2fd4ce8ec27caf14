"""The page at ``/``: drop a file on it and watch the text come."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route


def routes() -> list[BaseRoute]:
    """Where it is."""
    return [Route("/", show)]


async def show(request: Request) -> Response:
    """The page, which nothing but its own style and script may run in."""
    headers = {
        "Content-Security-Policy": policy(html()),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
    return HTMLResponse(html(), headers=headers)


@cache
def html() -> str:
    """The one file of it."""
    return files("alternator.serve").joinpath("page.html").read_text(encoding="utf-8")


def policy(text: str) -> str:
    """The Content-Security-Policy that allows what stands in the file itself, by its hash, and
    requests to this server: https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    sources = {
        tag: " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()}'"
            for inner in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        )
        for tag in ("style", "script")
    }
    return (
        f"default-src 'none'; style-src {sources['style']}; script-src {sources['script']}; "
        f"connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"frame-ancestors 'none'"
    )
