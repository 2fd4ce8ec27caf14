"""Watches the demo until every sample attachment is described, and prints what was written."""

import math
import shutil
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import requests

from compose.errors import DemoError
from images.console import Console

TOKEN = "sandbox"  # the demo account's, on a server that listens on this machine only
DESCRIBE_TIMEOUT_S = 240


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One medium of a post; ``description`` is empty where it has none yet."""

    media_id: str
    kind: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Post:
    """One status of the demo account; ``source`` is what its author typed."""

    post_id: str
    attachments: tuple[Attachment, ...]
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """The demo's server, asked through the API that any Mastodon client would use."""

    port: int

    def posts(self, account: str) -> list[Post]:
        """The account's posts, newest first."""
        # Without the token: these requests must not spend the bot's own rate budget.
        answer = self._get(f"accounts/{account}/statuses?limit=40")
        return parse_posts(answer)

    def account(self) -> str:
        """The demo account's id."""
        return self._text("accounts/verify_credentials", "id")

    def source(self, post: Post) -> str:
        """What the author of a post typed."""
        return self._text(f"statuses/{post.post_id}/source", "text")

    def _text(self, path: str, key: str) -> str:
        answer = self._get(path, token=TOKEN)
        if not isinstance(answer, dict) or key not in answer:
            raise DemoError(f"the sandbox server's answer for {path} has no {key}")
        return str(answer[key])

    def _get(self, path: str, *, token: str | None = None) -> object:
        with requests.Session() as session:
            session.trust_env = False  # a proxy has no business with this machine's own port
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            try:
                response = session.get(
                    f"http://127.0.0.1:{self.port}/api/v1/{path}", headers=headers, timeout=10
                )
                response.raise_for_status()
                answer: object = response.json()
            except requests.RequestException as error:
                raise DemoError(
                    f"the sandbox server on port {self.port} does not answer: {error}"
                ) from error
        return answer


def parse_posts(answer: object) -> list[Post]:
    """The posts in a server's answer; DemoError for an answer of another shape."""
    if not isinstance(answer, list):
        raise DemoError("the sandbox server's answer is no list of posts")
    try:
        return [
            Post(
                post_id=str(item["id"]),
                attachments=tuple(
                    Attachment(
                        media_id=str(medium["id"]),
                        kind=str(medium["type"]),
                        description=str(medium["description"] or ""),
                    )
                    for medium in item["media_attachments"]
                ),
            )
            for item in answer
        ]
    except (KeyError, TypeError) as error:
        raise DemoError(f"the sandbox server's answer lacks {error}") from error


def until_described(
    sandbox: Sandbox, console: Console, timeout_s: float = DESCRIBE_TIMEOUT_S
) -> list[Post]:
    """The demo account's posts once all their attachments are described.

    DemoError if no further one was for ``timeout_s``: a slow machine takes its time for each.
    """
    deadline, left = time.monotonic() + timeout_s, math.inf
    account = sandbox.account()
    with console.status() as status:
        while True:
            posts = sandbox.posts(account)
            attachments = [item for post in posts for item in post.attachments]
            missing = [item for item in attachments if not item.description]
            if attachments and not missing:
                break
            if len(missing) < left:
                deadline, left = time.monotonic() + timeout_s, len(missing)
            if time.monotonic() > deadline:
                names = ", ".join(f"{item.kind} {item.media_id}" for item in missing)
                raise DemoError(
                    f"for {timeout_s:.0f} s no attachment was described, and these have no "
                    f"description: {names}. "
                    "What the bot says: docker logs alternator_bot_1 (or alternator-bot-1)"
                )
            status.update(
                f"describing: {len(attachments) - len(missing)} of {len(attachments)} attachments"
            )
            time.sleep(0.5)
    return [replace(post, source=sandbox.source(post)) for post in posts]


def show(posts: Sequence[Post], console: Console) -> None:
    """Print each post's attachments with the description each one got."""
    width = min(shutil.get_terminal_size().columns, 100)
    for post in reversed(posts):
        if not post.attachments:
            continue
        console.say("")
        title = textwrap.shorten(post.source, width, placeholder=" …")
        console.say(title or f"Post {post.post_id}")
        for item in post.attachments:
            label = f"  {item.kind:<6} "
            console.say(
                textwrap.fill(
                    item.description or "(no description)",
                    width,
                    initial_indent=label,
                    subsequent_indent=" " * len(label),
                )
            )
