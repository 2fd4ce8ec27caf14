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
one. Everything the class does can also be done over HTTP: see ``sandbox.control.endpoints`` and
``sandbox.api.control``.
"""

import argparse
import os
from pathlib import Path

from sandbox.app import create_app
from sandbox.dialects import DIALECTS
from sandbox.model.sandbox import Sandbox
from sandbox.running import SandboxServer
from sandbox.samples.samples import post_samples
from sandbox.serving import serve_forever
from sandbox.settings import Settings

__all__ = ["SandboxServer", "Settings", "create_app", "main"]


def main(argv: list[str] | None = None) -> int:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.server", description="A small Mastodon server for the demo."
    )
    environ = os.environ  # an empty variable counts as not set
    parser.add_argument("--host", default=environ.get("SANDBOX_HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=environ.get("SANDBOX_PORT") or "3000")
    parser.add_argument(
        "--data", type=Path, default=Path(environ.get("SANDBOX_DATA") or "sandbox-data")
    )
    parser.add_argument("--public-url", default=environ.get("SANDBOX_PUBLIC_URL") or None)
    parser.add_argument(
        "--dialect",
        choices=sorted(DIALECTS),
        default=environ.get("SANDBOX_DIALECT") or "mastodon-4.4",
        metavar="NAME",
        help=f"which server it is like: {', '.join(DIALECTS)}",
    )
    parser.add_argument(
        "--samples", action="store_true", help="post the samples if there are no posts"
    )
    arguments = parser.parse_args(argv)
    if arguments.dialect not in DIALECTS:  # out of the variable, which argparse does not check
        parser.error(f"SANDBOX_DIALECT names no server: one of {', '.join(DIALECTS)}")
    try:
        settings = Settings.of(arguments.dialect, public_url=arguments.public_url)
        app = create_app(arguments.data, settings)
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(
            f"the posts in {arguments.data} can't be used ({error}); name another folder with "
            f"--data, or empty this one"
        )
    sandbox: Sandbox = app.state.sandbox
    if arguments.samples and not sandbox.store.statuses:
        print(f"posted {post_samples(sandbox)} sample posts", flush=True)
    serve_forever(app, host=arguments.host, port=arguments.port)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
