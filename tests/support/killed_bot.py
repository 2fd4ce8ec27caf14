"""A scene whose bot is a process of its own, to be killed and started again."""

import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from fault_scene import LOOKS, Scene
from fault_world import KEY, TOKEN, World, untouched_but
from waiting import wait_for
from zygote import Zygote

from alternator.store.opening import STATE_FILE


class Killed:
    """A scene whose bot is a process of its own."""

    def __init__(self, scene: Scene, zygote: Zygote, folder: Path) -> None:
        self.scene = scene
        self.world: World = scene.world
        self.zygote = zygote
        self.folder = folder
        self.environ: dict[str, str] = {}  # more of the configuration
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
            **self.environ,
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
