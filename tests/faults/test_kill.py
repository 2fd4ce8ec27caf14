"""The whole bot, its process ended by a signal at each of its steps, and started again.

At a request the server holds the answer back until the process is gone: before the request was
carried out, or after. At a write the process ends itself, before the write or after.
"""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fault_scene import LOOKS, Scene
from fault_table import Step, load
from fault_world import KEY, TOKEN, World, untouched_but
from waiting import wait_for
from zygote import Zygote

from alternator.store.opening import STATE_FILE

SIGNALS = [signal.SIGKILL, signal.SIGTERM]
STEPS = [step for step in load()[0] if step.id not in ("look-beside", "later-look", "edit-answer")]
# Reading changes nothing: before and after it are one.
MOMENTS = [(step, False) for step in STEPS] + [(s, True) for s in STEPS if s.method != "GET"]
WRITES = ["admit_old", "record", "claim", "finish", "found_at", "cursors"]


@pytest.fixture(scope="session")
def zygotes() -> Iterator[Zygote]:
    running = Zygote()
    yield running
    running.close()


class Killed:
    """A scene whose bot is a process of its own."""

    def __init__(self, scene: Scene, zygote: Zygote, folder: Path) -> None:
        self.scene = scene
        self.world: World = scene.world
        self.zygote = zygote
        self.folder = folder
        scene.post()

    def start(self, **switches: Any) -> int:
        """Start the bot; its process id."""
        environ = {
            "HOME": str(self.folder),
            "ALTERNATOR_STATE_DIR": str(self.folder / "state"),
            "ALTERNATOR_HEALTH_PORT": "0",
            "ALTERNATOR_DASHBOARD_PORT": "0",
            "ALTERNATOR_WHISPER_ENABLED": "false",
            "ALTERNATOR_MASTODON_INSTANCE_URL": self.world.server.url,
            "ALTERNATOR_MASTODON_ACCESS_TOKEN": TOKEN,
            "ALTERNATOR_MASTODON_BACKFILL_PAUSE": "0",
            "ALTERNATOR_MASTODON_BACKFILL_COUNT": "4",
            "ALTERNATOR_MASTODON_POLL_INTERVAL_SECONDS": "3600",
            "ALTERNATOR_OPENROUTER_API_KEY": KEY,
            "ALTERNATOR_OPENROUTER_BASE_URL": self.world.vision.base_url,
            "ALTERNATOR_OPENROUTER_MODEL": "pixels",
        }
        return self.zygote.start(self.folder, environ, **switches)

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def settled(self, log: str) -> bool:
        """Whether a bot that said this has looked, and is through with the victim."""
        looked = bool(self.world.server.requests(path=LOOKS))
        with closing(sqlite3.connect(self.folder / "state" / STATE_FILE)) as db:
            rows = db.execute(
                "SELECT state FROM attachment WHERE status_id = ?", (self.scene.victim,)
            ).fetchall()
        done = bool(rows) and all(state in ("described", "left") for (state,) in rows)
        # Described before it was first looked at, it is none of the bot's business.
        return looked and (done or f"post {self.scene.victim}" in log or not rows)

    def goes_on(self) -> None:
        """A new start describes what is left, and nothing twice; the posts are whole."""
        world, posts = self.world, self.scene.posts
        world.clear()
        world.server.sandbox.request_log.clear()
        said = len(self.log())
        process = self.start()
        wait_for(lambda: world.described(posts.victim), 20, "the victim to be described")
        # Whatever it would do to a post that is described already, it has done then.
        wait_for(lambda: self.settled(self.log()[said:]), 20, "it to be done with the post")
        os.kill(process, signal.SIGTERM)
        assert self.zygote.wait() == 0, self.log()
        for name, key in vars(posts).items():
            assert untouched_but(self.scene.before[key], world.record(key)) == [], name
        assert world.edits(posts.victim) == 1
        assert world.edits(posts.older) == world.edits(posts.by_hand) == 0
        log = self.log()
        assert "Traceback" not in log and "unexpected" not in log
        assert TOKEN not in log and KEY not in log


@pytest.fixture
def killed(scene: Scene, zygotes: Zygote, tmp_path: Path) -> Killed:
    return Killed(scene, zygotes, tmp_path)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    ("step", "after"), MOMENTS, ids=[f"{s.id}-{'after' if a else 'before'}" for s, a in MOMENTS]
)
def test_a_signal_at_a_request(killed: Killed, step: Step, after: bool, number: int) -> None:
    killed.scene.fail(
        step.method,
        step.path,
        model=step.kind == "model",
        skip=step.skip,
        after=after,
        hang=True,
        times=1,
    )
    process = killed.start()
    wait_for(lambda: killed.world.hits, 20, "the step")
    if after and step.method == "PUT":
        wait_for(lambda: killed.world.edits(killed.scene.victim), 20, "the edit")
    os.kill(process, number)
    # Asked to end in the middle of an edit it gives the server a few seconds.
    code = killed.zygote.wait()
    assert code == (-number if number == signal.SIGKILL else 0), killed.log()
    killed.goes_on()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", WRITES)
def test_a_signal_at_a_write(killed: Killed, method: str, when: str, number: int) -> None:
    killed.start(kill=int(number), method=method, when=when)
    code = killed.zygote.wait()
    assert code == (-number if number == signal.SIGKILL else 0), killed.log()
    killed.goes_on()


def test_many_signals_in_a_row(killed: Killed) -> None:
    """A machine whose power fails again and again, at the same post: not given up for that.

    It is once tries are used up and half a day has passed since the first.
    """
    for count in range(6):
        killed.start(kill=int(signal.SIGKILL), method="found_at", when="after")
        assert killed.zygote.wait() == -signal.SIGKILL, count
    killed.goes_on()
