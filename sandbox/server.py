"""The sandbox Mastodon server.

By hand, or in a container::

    python -m sandbox.server --port 3000 --data /data --samples

In a test, on a free port of 127.0.0.1::

    from sandbox.server import SandboxServer

    with SandboxServer() as server:
        status = server.post("Listen to this", files=[Path("clip.mp3")], language="en")
        ...                                   # point a client at server.url with server.token
        server.fail("/api/v1/statuses/*", method="PUT", status=500, times=2)
        server.wait_until_described(status["id"])
        edits = server.requests(method="PUT", path="/api/v1/statuses/*")
        assert edits[0]["json"]["media_attributes"][0]["description"]

Each server keeps its posts in a folder of its own, which is deleted with it unless ``data`` names
one. Everything the class does can also be done over HTTP: see ``sandbox.control``.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from sandbox import control, page
from sandbox.api import accounts, instance, media, statuses, streaming
from sandbox.context import Sandbox
from sandbox.errors import RefusedError
from sandbox.faults import Fault, FaultMiddleware
from sandbox.journal import JournalMiddleware
from sandbox.limits import LimitMiddleware
from sandbox.model import TOKENS
from sandbox.samples import post_samples
from sandbox.serialize import Serializer
from sandbox.serving import AppServer
from sandbox.settings import Settings


def create_app(folder: Path, settings: Settings | None = None) -> Starlette:
    """The server as an ASGI application that keeps its posts in ``folder``."""
    sandbox = Sandbox(folder, settings or Settings())
    app = Starlette(
        routes=[
            *page.routes,
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
            Middleware(JournalMiddleware, journal=sandbox.journal, prefixes=("/api/",)),
            Middleware(FaultMiddleware, faults=sandbox.faults),
            Middleware(LimitMiddleware, limits=sandbox.limits),
        ],
        exception_handlers={RefusedError: refuse, 404: unknown_path},
    )
    app.state.sandbox = sandbox
    app.state.journal = sandbox.journal
    app.state.faults = sandbox.faults
    return app


async def refuse(request: Request, error: Exception) -> JSONResponse:
    """A refusal as Mastodon sends it."""
    assert isinstance(error, RefusedError)
    return JSONResponse({"error": error.message}, status_code=error.status)


async def unknown_path(request: Request, error: Exception) -> JSONResponse:
    """No such endpoint."""
    return JSONResponse({"error": "Not Found"}, status_code=404)


class SandboxServer(AppServer):
    """A sandbox server in this process; the module's docstring shows its use."""

    token = "sandbox"

    def __init__(
        self, *, data: Path | None = None, port: int = 0, settings: Settings | None = None
    ) -> None:
        self.cleanup = ExitStack()
        if data is None:
            data = Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        super().__init__(create_app(data, settings), port=port)
        self.sandbox: Sandbox = self.app.state.sandbox

    def __enter__(self) -> Self:
        """Start serving."""
        super().__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, and delete the folder if it was a temporary one."""
        self.sandbox.hub.drop()
        super().__exit__(kind, error, traceback)
        self.cleanup.close()

    def upload(self, file: Path, *, description: str | None = None, token: str = token) -> str:
        """Upload a file, processed at once; returns its id."""
        attachment = self.sandbox.uploads.accept(
            TOKENS[token].account,
            name=file.name,
            content=file.read_bytes(),
            description=description,
        )
        return self.sandbox.uploads.finish(attachment).id

    def post(
        self,
        text: str = "",
        *,
        files: Sequence[Path] = (),
        descriptions: Sequence[str | None] = (),
        token: str = token,
        **params: Any,
    ) -> dict[str, Any]:
        """Post a status as if its author had; returns the Status entity.

        ``descriptions`` belong to ``files`` in their order. ``params`` are those of
        ``POST /api/v1/statuses``: spoiler_text, sensitive, language, visibility, poll, …
        """
        padded = [*descriptions, *[None] * len(files)]
        media_ids = [
            self.upload(file, description=description, token=token)
            for file, description in zip(files, padded, strict=False)
        ]
        account = TOKENS[token].account
        params = {"status": text, "media_ids": media_ids} | params
        status = self.sandbox.posting.create(account, params)
        return self.status(status.id)

    def edit(self, status_id: str, *, token: str = token, **params: Any) -> dict[str, Any]:
        """Edit a status as if its author had, with the parameters of ``PUT``; what is left out
        is removed."""
        account = TOKENS[token].account
        status = self.sandbox.store.own_status(status_id, account)
        self.sandbox.posting.edit(status, account, params)
        return self.status(status_id)

    def delete(self, status_id: str) -> None:
        """Delete a status as if its author had."""
        self.sandbox.posting.delete(self.sandbox.store.status(status_id))

    def boost(self, status_id: str, *, token: str = token) -> dict[str, Any]:
        """Boost a status."""
        original = self.sandbox.store.status(status_id)
        boost = self.sandbox.posting.boost(original, TOKENS[token].account)
        return self.status(boost.id)

    def status(self, status_id: str) -> dict[str, Any]:
        """The Status entity as it stands now."""
        serializer = Serializer(self.sandbox.store, self.url)
        return serializer.status(self.sandbox.store.status(status_id))

    def statuses(self) -> list[dict[str, Any]]:
        """All Status entities, newest first."""
        return [self.status(status.id) for status in self.sandbox.store.newest_first()]

    def descriptions(self, status_id: str) -> list[str | None]:
        """The descriptions of a status's attachments, in their order."""
        return [a["description"] for a in self.status(status_id)["media_attachments"]]

    def wait_until_described(self, status_id: str, *, seconds: float = 20.0) -> list[str]:
        """Wait until every attachment of a status has a description, and return them.

        Raises:
            TimeoutError: with what was there by then.
        """
        until = time.monotonic() + seconds
        while True:
            descriptions = self.descriptions(status_id)
            found = [description for description in descriptions if description]
            if len(found) == len(descriptions):
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"status {status_id} after {seconds:g} s: {descriptions}")
            time.sleep(0.02)

    def requests(self, method: str | None = None, path: str | None = None) -> list[dict[str, Any]]:
        """The journal, oldest first; ``path`` is a glob."""
        return self.sandbox.journal.find(method, path)

    def fail(self, path: str, **fields: Any) -> Fault:
        """Let requests fail; ``fields`` are those of ``sandbox.faults.Fault``."""
        return self.sandbox.faults.add(path=path, **fields)

    def set_streaming(self, enabled: bool) -> None:
        """Turn streaming on or off for new connections."""
        self.sandbox.switches.streaming = enabled

    def drop_streams(self) -> int:
        """Cut all open streams; returns how many there were."""
        return self.sandbox.hub.drop()

    def mute_streams(self) -> int:
        """Leave all open streams open and silent; returns how many there are."""
        return self.sandbox.hub.mute()

    def open_streams(self) -> int:
        """How many streams are open."""
        return len(self.sandbox.hub.streams)

    def exhaust_rate_limit(self, seconds: float, token: str = token) -> None:
        """Answer 429 to this token for so many seconds."""
        self.sandbox.limits.exhaust(f"Bearer {token}", seconds)

    def reset(self) -> None:
        """As on the first day: no posts, no faults, an empty journal."""
        self.sandbox.reset()


def main(argv: list[str] | None = None) -> int:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.server", description="A small Mastodon server for the demo."
    )
    environ = os.environ
    parser.add_argument("--host", default=environ.get("SANDBOX_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=environ.get("SANDBOX_PORT", "3000"))
    parser.add_argument(
        "--data", type=Path, default=Path(environ.get("SANDBOX_DATA", "sandbox-data"))
    )
    parser.add_argument("--public-url", default=environ.get("SANDBOX_PUBLIC_URL") or None)
    parser.add_argument(
        "--samples", action="store_true", help="post the samples if there are no posts"
    )
    arguments = parser.parse_args(argv)
    try:
        app = create_app(arguments.data, Settings(public_url=arguments.public_url))
    except (OSError, ValueError, KeyError) as error:
        parser.error(
            f"the posts in {arguments.data} can't be used ({error}); name another folder with "
            f"--data, or empty this one"
        )
    sandbox: Sandbox = app.state.sandbox
    if arguments.samples and not sandbox.store.statuses:
        print(f"posted {post_samples(sandbox)} sample posts", flush=True)
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
