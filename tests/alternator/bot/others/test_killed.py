"""The whole bot, killed at each step of answering somebody, and started again: answered once.

At a request the server holds its answer back until the process is gone, before the request was
carried out or after. At a write the process ends itself.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for
from zygote import Zygote

from sandbox.control.faults import FaultFields
from sandbox.server import SandboxServer
from sandbox.settings import Settings
from sandbox.vision.server import VisionServer

# So short that the answer about two pictures takes several posts.
POST_CHARACTERS = 160
POSTS = "/api/v1/statuses"
# Method, path, how many such requests are let through, carried out or not.
REQUESTS = [
    ("GET", "/api/v1/notifications", 0, False),
    ("GET", "/api/v1/statuses/{post}", 0, False),
    ("GET", "/api/v1/statuses/{post}/context", 0, False),
    ("POST", "model", 1, False),
    ("POST", POSTS, 0, False),
    ("POST", POSTS, 0, True),
    ("POST", POSTS, 1, False),
    ("POST", POSTS, 1, True),
]
WRITES = [
    ("ask", 1),
    ("record", 1),
    ("set_place", 1),
    ("claim", 1),
    ("sending", 1),
    ("sent", 1),
    ("sent", 2),
    ("close", 1),
    ("finish", 1),
]
OF_THE_STATE = ("record", "claim", "finish")  # the others are of what people asked for


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    running = Zygote()
    yield running
    running.close()


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(settings=Settings(status_limit=POST_CHARACTERS)) as running:
        yield running


class Killed:
    """A bot that is a process of its own, for one pass."""

    def __init__(
        self, zygote: Zygote, server: SandboxServer, vision: VisionServer, folder: Path
    ) -> None:
        self.zygote = zygote
        self.folder = folder
        self.process = 0  # that is running
        self.environ = {
            "HOME": str(folder),
            "ALTERNATOR_STATE_DIR": str(folder / "state"),
            "ALTERNATOR_HEALTH_PORT": "0",
            "ALTERNATOR_DASHBOARD_PORT": "0",
            "ALTERNATOR_WHISPER_ENABLED": "false",
            "ALTERNATOR_MASTODON_INSTANCE_URL": server.url,
            "ALTERNATOR_MASTODON_ACCESS_TOKEN": server.token,
            "ALTERNATOR_OPENROUTER_BASE_URL": vision.base_url,
            "ALTERNATOR_OPENROUTER_MODEL": "pixels",
            "ALTERNATOR_OTHERS_ENABLED": "true",
        }

    def start(self, **switches: Any) -> int:
        """Start a pass; its process id."""
        self.process = self.zygote.start(
            self.folder, self.environ, arguments=["--once"], **switches
        )
        return self.process

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        self.process, code = 0, self.zygote.wait()
        return code

    def once(self) -> None:
        """A pass from its beginning to its end."""
        self.start()
        assert self.wait() == 0, self.log()

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")


@pytest.fixture
def killed(
    zygote: Zygote, server: SandboxServer, vision: VisionServer, tmp_path: Path
) -> Iterator[Killed]:
    made = Killed(zygote, server, vision, tmp_path)
    made.once()
    yield made
    if made.process:  # the test has failed; the next one has a process of its own
        os.kill(made.process, signal.SIGKILL)
        made.wait()


def thread_below(people: Any, status_id: str) -> list[str]:
    """What the account said below a post, each part below the one before."""
    found = []
    while answers := people.answers(status_id):
        (answer,) = answers
        found.append(answer["content"])
        status_id = answer["id"]
    return found


def is_whole(said: list[str]) -> bool:
    return len(said) > 1 and "1: " in said[0] and any("2: " in part for part in said)


@pytest.mark.table
@pytest.mark.parametrize(("method", "path", "skip", "after"), REQUESTS)
def test_killed_at_a_request_it_answers_once(
    people: Any,
    killed: Killed,
    server: SandboxServer,
    vision: VisionServer,
    picture: Path,
    method: str,
    path: str,
    skip: int,
    after: bool,
):
    post = people.post("neighbour", "Look", files=[picture] * 2)
    people.post("neighbour", "@demo", in_reply_to_id=post)
    fields: FaultFields = {"hang": True, "after": after, "skip": skip, "method": method}
    if path == "model":
        fault = vision.fail(**fields)
    else:
        fault = server.fail(path.format(post=post), **fields)
    process = killed.start()
    wait_for(lambda: fault.times == 0, 60, "the step")
    if after:
        wait_for(lambda: len(thread_below(people, post)) > skip, 20, "the post")
    os.kill(process, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    for _ in range(2):
        killed.once()
    assert is_whole(thread_below(people, post)), killed.log()


@pytest.mark.table
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("method", "count"), WRITES)
def test_killed_at_a_write_it_answers_once(
    people: Any, killed: Killed, picture: Path, method: str, count: int, when: str
):
    post = people.post("neighbour", "@demo", files=[picture] * 2)
    part = "" if method in OF_THE_STATE else "asked"
    part = "outgoing" if method in ("sending", "sent") else part
    killed.start(kill=int(signal.SIGKILL), part=part, method=method, when=when, count=count)
    assert killed.wait() == -signal.SIGKILL, killed.log()
    for _ in range(2):
        killed.once()
    assert is_whole(thread_below(people, post)), killed.log()


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_a_confirmation_it_confirms_once(
    people: Any, killed: Killed, server: SandboxServer, after: bool
):
    asking = people.write("neighbour", "stop")
    fault = server.fail(POSTS, method="POST", hang=True, after=after, times=1)
    process = killed.start()
    wait_for(lambda: fault.times == 0, 20, "the step")
    if after:
        wait_for(lambda: people.answers(asking), 20, "the confirmation")
    os.kill(process, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    for _ in range(2):
        killed.once()
    assert len(people.answers(asking)) == 1


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_following_back_it_follows(
    people: Any, killed: Killed, server: SandboxServer, after: bool
):
    server.follow("neighbour", server.token)
    asking = people.write("neighbour", "describe my posts")
    fault = server.fail("/api/v1/accounts/*/follow", method="POST", hang=True, after=after, times=1)
    process = killed.start()
    wait_for(lambda: fault.times == 0, 20, "the step")
    os.kill(process, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    for _ in range(2):
        killed.once()
    assert people.follows("demo", "neighbour")
    assert len(people.answers(asking)) == 1
