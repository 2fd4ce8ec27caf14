"""The whole bot, killed between the parts of a reply, and started again: each part once, in order.

The server knows no key of what was posted any more when the bot is started again: what stands is
found in the thread below the post.
"""

import os
import signal
from dataclasses import dataclass

import pytest
from killed_bot import Killed
from threads import PICTURES, WARNING, forget_keys, numbers_below, parts_below
from waiting import wait_for

POST = "/api/v1/statuses"
# Method, path, how many of these go before, whether it is carried out.
REQUESTS = [
    ("GET", "/api/v1/statuses/{}/context", 0, False),
    *(("POST", POST, skip, after) for skip in (0, 1, 2) for after in (False, True)),
]
# The part of the memory, what is written into it, and the how manieth time.
WRITES = [
    ("outgoing", "sending", 1),
    *(("outgoing", "sent", count) for count in (1, 2, 3)),
    ("ledger", "answered", 1),
    ("", "finish", 1),
]


@dataclass(frozen=True, kw_only=True)
class Long:
    """A post whose reply is a thread; it is the newest, and so the first one's turn."""

    killed: Killed
    post: str

    def goes_on(self) -> None:
        """The next start posts what is missing, and nothing twice; a later one posts no more."""
        killed, world = self.killed, self.killed.world
        world.clear()
        forget_keys(world)
        asked = len(world.vision.requests()) if parts_below(world, self.post) else None
        process = killed.start()
        wait_for(lambda: numbers_below(world, self.post) == ALL, 120, "the thread")
        wait_for(lambda: killed.settled(""), 120, "the bot to be done with what is older")
        os.kill(process, signal.SIGTERM)
        assert killed.zygote.wait() == 0, killed.log()
        said = parts_below(world, self.post)
        assert len(said) > 2
        if asked is not None:  # what is half said needs no model
            assert len(world.vision.requests()) - asked <= 1, "but for the other post"
        posted = len(world.server.requests("POST", POST))
        began = killed.log().count("account: ")
        process = killed.start()
        wait_for(lambda: killed.log().count("account: ") > began, 120, "the next start")
        os.kill(process, signal.SIGTERM)
        assert killed.zygote.wait() == 0, killed.log()
        assert parts_below(world, self.post) == said
        assert len(world.server.requests("POST", POST)) == posted
        assert world.edits(self.post) == 0
        log = killed.log()
        assert "Traceback" not in log and "unexpected" not in log


ALL = list(range(1, PICTURES + 1))


@pytest.fixture
def long(killed: Killed) -> Long:
    killed.environ["ALTERNATOR_MASTODON_MODE"] = "reply"
    picture = killed.scene.files.picture
    server = killed.world.server
    post = server.post("Look", files=[picture] * PICTURES, spoiler_text=WARNING)["id"]
    killed.scene.made_before(post, seconds=600)
    return Long(killed=killed, post=post)


@pytest.mark.table
@pytest.mark.parametrize(("method", "path", "skip", "after"), REQUESTS)
def test_a_kill_at_a_request(long: Long, method: str, path: str, skip: int, after: bool) -> None:
    killed, world = long.killed, long.killed.world
    path = path.format(long.post)
    killed.scene.fail(method, path, skip=skip, after=after, hang=True, times=1)
    process = killed.start()
    wait_for(lambda: world.hits, 120, "the step")
    wait_for(lambda: len(parts_below(world, long.post)) == skip + after, 60, "the part")
    os.kill(process, signal.SIGKILL)
    assert killed.zygote.wait() == -signal.SIGKILL, killed.log()
    long.goes_on()


@pytest.mark.table
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("part", "method", "count"), WRITES)
def test_a_kill_at_a_write(long: Long, part: str, method: str, count: int, when: str) -> None:
    killed = long.killed
    process = killed.start(
        kill=int(signal.SIGKILL), part=part, method=method, when=when, count=count
    )
    assert killed.zygote.wait(process, 120.0) == -signal.SIGKILL, killed.log()
    there = len(parts_below(killed.world, long.post))
    assert there == {"sending": 0, "sent": count}.get(method, there) and (there or count == 1)
    long.goes_on()
