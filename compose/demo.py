"""Watches the demo until every sample attachment is described, and prints what was written."""

import shutil
import socket
import textwrap
import time
from typing import Any

import requests

from compose import wait
from compose.errors import ComposeError, DemoError
from images.console import StatusLine, say

TOKEN = "sandbox"  # the demo account's, on a server that listens on this machine only
DESCRIBE_TIMEOUT_S = 240


def check_port(port: int) -> None:
    """ComposeError if another program holds the demo's port."""
    sandbox = wait.find("sandbox")
    if sandbox is not None and sandbox.status == "running":
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ComposeError(
                f"port {port} on 127.0.0.1 is taken ({error.strerror}): choose another, for "
                f"example make up SANDBOX_PORT={port + 1}"
            ) from error


def until_described(port: int, timeout_s: float = DESCRIBE_TIMEOUT_S) -> list[dict[str, Any]]:
    """The demo account's statuses once all their attachments are described; DemoError otherwise.

    Each comes with the ``source`` its author typed.
    """
    deadline = time.monotonic() + timeout_s
    account = _get(port, "accounts/verify_credentials", token=TOKEN)["id"]
    with StatusLine() as status:
        while True:
            # Without the token: these requests must not spend the bot's own rate budget.
            statuses = _get(port, f"accounts/{account}/statuses?limit=40")
            attachments = [item for post in statuses for item in post["media_attachments"]]
            missing = [item for item in attachments if not item["description"]]
            if attachments and not missing:
                break
            if time.monotonic() > deadline:
                names = ", ".join(f"{item['type']} {item['id']}" for item in missing)
                raise DemoError(
                    f"after {timeout_s:.0f} s these attachments have no description: {names}. "
                    "What the bot says: docker logs alternator_bot_1 (or alternator-bot-1)"
                )
            status.update(
                f"describing: {len(attachments) - len(missing)} of {len(attachments)} attachments"
            )
            time.sleep(0.5)
    return [
        {**post, "source": _get(port, f"statuses/{post['id']}/source", token=TOKEN)["text"]}
        for post in statuses
    ]


def _get(port: int, path: str, *, token: str | None = None) -> Any:
    """Ask the sandbox through the API that any Mastodon client would use."""
    with requests.Session() as session:
        session.trust_env = False  # a proxy has no business with this machine's own port
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = session.get(
                f"http://127.0.0.1:{port}/api/v1/{path}", headers=headers, timeout=10
            )
            response.raise_for_status()
            return response.json()
        except requests.RequestException as error:
            raise DemoError(
                f"the sandbox server on port {port} does not answer: {error}"
            ) from error


def show(statuses: list[dict[str, Any]]) -> None:
    """Print each post's attachments with the description each one got."""
    width = min(shutil.get_terminal_size().columns, 100)
    for post in reversed(statuses):
        if not post["media_attachments"]:
            continue
        say("")
        say(textwrap.shorten(post["source"], width, placeholder=" …") or f"Post {post['id']}")
        for item in post["media_attachments"]:
            label = f"  {item['type']:<6} "
            say(
                textwrap.fill(
                    item["description"] or "(no description)",
                    width,
                    initial_indent=label,
                    subsequent_indent=" " * len(label),
                )
            )
