"""A whole small world for a fault: servers, posts, and the bot under a supervisor.

The bot is the real one, started again when it ends as a container is, in a time that jumps over its
waits. What a post was before is compared with what it is after field by field, by the server's own
records and not by the bot's code.
"""

import dataclasses
import io
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jumping_clock import JumpingClock

from alternator.bot.run import Wishes, run
from alternator.config.dashboard import DashboardSettings
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.secrets import secrets_of
from alternator.config.settings import (
    Config,
    HealthSettings,
    MastodonSettings,
    StateSettings,
)
from alternator.log import LineFormatter
from alternator.progress import Progress
from alternator.speech.transcript import Transcript
from alternator.stopping import Stop, Stopping
from alternator.store.opening import STATE_FILE
from probe.errors import UserError
from sandbox.control.faults import Fault
from sandbox.model.records import DEMO_ACCOUNT, TOKENS, Token
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

TOKEN = "a-token-that-nobody-may-see"
KEY = "a-key-that-nobody-may-see"
RESTART_SECONDS = 60.0  # of the bot's time
PATIENCE_SECONDS = 60.0  # of real time, for one condition: others may load the machine, too
LONGEST_SECONDS = 48 * 3600.0  # of the bot's time, for one condition

TOKENS[TOKEN] = Token(account=DEMO_ACCOUNT)


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is posted."""

    picture: Path
    clip: Path


@dataclass(frozen=True, kw_only=True)
class Posts:
    """The posts of a world, oldest first, by id.

    ``older`` is from before the first start and beyond the limit of back-fill; ``by_hand`` lacks
    nothing; ``other`` is a clip, ``victim`` has two pictures, of which one is described.
    """

    older: str
    by_hand: str
    other: str
    victim: str


class Listener:
    """Stands in for Whisper, whose part in this is its own."""

    state = "ready"
    workers: tuple[()] = ()

    def start(self) -> None: ...

    def probe(self) -> None: ...

    def close(self) -> None: ...

    def transcribe(self, path: Path, *, progress: Progress, **asked: object) -> Transcript:
        progress.beat()
        return Transcript(text="Words of the clip.", language="en", duration=1.0, segments=())


def forget() -> None:
    """Write nothing."""


class World:
    """Two servers for all faults of one process; ``reset`` before each."""

    def __init__(self, server: SandboxServer, vision: VisionServer) -> None:
        self.server = server
        self.vision = vision
        self.hits: list[tuple[float, Fault]] = []  # at which of the bot's times, in seconds
        self.clock = JumpingClock()
        # What is to happen when a request comes in, before it is answered.
        self.meanwhile: Callable[[str, str], None] = lambda method, path: None
        # Keeping posts over a restart is not the point, and costs more than all else.
        vars(server.sandbox.store)["save"] = forget
        for faults in (server.sandbox.faults, vision.faults):
            vars(faults)["take"] = self._counted(faults.take)

    def _counted(self, take: Callable[[str, str], Fault | None]) -> Callable[..., Fault | None]:
        def counted(method: str, path: str) -> Fault | None:
            self.meanwhile(method, path)
            fault = take(method, path)
            if fault is not None:
                self.hits.append((self.clock.monotonic(), fault))
            return fault

        return counted

    def reset(self) -> None:
        """As on the first day."""
        self.meanwhile = lambda method, path: None
        self.server.drop_streams()
        self.server.reset()
        self.vision.reset()
        self.hits.clear()
        self.clock = JumpingClock()

    def add(self, fault: Fault, *, model: bool = False) -> None:
        """Let requests fail: to the server, or to the model."""
        (self.vision.faults if model else self.server.sandbox.faults).add(fault)

    def clear(self) -> None:
        """Whatever failed works again."""
        self.server.sandbox.faults.clear()
        self.vision.faults.clear()

    def record(self, status_id: str) -> dict[str, Any]:
        """All that the server knows of a post but its history, as plain data."""
        store = self.server.sandbox.store
        with store.lock:
            status = store.statuses[status_id]
            found = dataclasses.asdict(status)
            found["attachments"] = [dataclasses.asdict(a) for a in store.attachments_of(status)]
        del found["revisions"], found["edited_at"]
        return found

    def edits(self, status_id: str) -> int:
        """How often a post was edited."""
        return max(len(self.server.sandbox.store.statuses[status_id].revisions) - 1, 0)

    def described(self, status_id: str) -> bool:
        """Whether nothing of a post lacks a description."""
        return all(self.server.descriptions(status_id))


class LogHandler(logging.StreamHandler[io.StringIO]):
    """The log, as an operator sees it. ``trace`` is the first defect's, if there was one."""

    trace = ""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if record.exc_info and not self.trace:
            self.trace = self.format(record)


class Bot:
    """The bot, started again whenever it ends with an error that an operator is told."""

    # size: as the world has it, the folder, and what differs by test.
    def __init__(self, world: World, folder: Path, **mastodon: Any) -> None:
        self.world = world
        settings = MastodonSettings(
            instance_url=world.server.url,
            access_token=TOKEN,
            backfill_pause=0,
            backfill_count=4,
            poll_interval_seconds=600,
        )
        self.config = Config(
            mastodon=replace(settings, **mastodon),
            vision=VisionSettings(base_url=world.vision.base_url, model="pixels", api_key=KEY),
            whisper=WhisperSettings(preload=False),
            state=StateSettings(directory=folder / "state"),
            health=HealthSettings(port=0),
            dashboard=DashboardSettings(port=0),
        )
        self.ends: list[UserError] = []  # what it ended with, each time
        self.defect: BaseException | None = None
        self.wishes = Wishes()
        self.started = False
        self.abandoned = False  # it may hang: the test has failed already
        self._text = io.StringIO()
        self._handler = LogHandler(self._text)
        self._handler.setFormatter(LineFormatter(secrets_of(self.config)))
        self._stop = Stop(world.clock)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="main loop", daemon=True)

    @property
    def log(self) -> str:
        """What an operator sees at level debug."""
        return self._text.getvalue()

    def start(self) -> "Bot":
        self.started = True
        log = logging.getLogger("alternator")
        log.setLevel(logging.DEBUG)
        log.addHandler(self._handler)
        self._thread.start()
        return self

    def end(self) -> None:
        """Stop it for good."""
        self.started = False
        self._ended.set()
        self._stop.request()
        self._thread.join(1.0 if self.abandoned else PATIENCE_SECONDS)
        logging.getLogger("alternator").removeHandler(self._handler)
        assert self.abandoned or not self._thread.is_alive(), "the bot does not end"
        if self.defect is not None:
            raise self.defect

    def again(self, wishes: Wishes | None = None) -> "Bot":
        """End it, and start it anew with the same memory."""
        self.end()
        bot = Bot(self.world, self.config.state.directory.parent)
        bot.config, bot.wishes = self.config, wishes or Wishes()
        bot._text = self._text
        bot._handler = self._handler
        bot.ends = self.ends
        return bot.start()

    def rows(self) -> dict[str, list[tuple[str, str]]]:
        """State and reason of each attachment in its memory, by post."""
        found: dict[str, list[tuple[str, str]]] = {}
        path = self.config.state.directory / STATE_FILE
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
        ):
            for post, state, reason in db.execute(
                "SELECT status_id, state, reason FROM attachment ORDER BY attachment_id"
            ):
                found.setdefault(post, []).append((state, reason))
        return found

    def states(self, status_id: str) -> set[str]:
        """The states of a post's attachments."""
        return {state for state, _ in self.rows().get(status_id, [])}

    def _supervise(self) -> None:
        self.world.clock.take_part()
        while not self._ended.is_set():
            try:
                run(
                    self.config,
                    self._stop,
                    self.wishes,
                    make_speech_worker=lambda settings: Listener(),
                )
            except Stopping:
                return
            except UserError as error:
                self.ends.append(error)
                logging.getLogger("alternator").error("alternator run: %s", error)
                if self._ended.is_set():
                    return
                self._stop = Stop(self.world.clock)
                self.world.clock.wait(self._ended, RESTART_SECONDS)
            except BaseException as error:  # noqa: BLE001 - the test raises it
                self.defect = error
                return


def wait_until(condition: Callable[[], object], what: str, bot: Bot) -> None:
    """Poll until a condition holds, or fail with what the bot said."""
    until = time.monotonic() + PATIENCE_SECONDS
    end = bot.world.clock.monotonic() + LONGEST_SECONDS
    while not condition():
        if bot.defect is not None:
            raise bot.defect
        if bot._handler.trace:
            bot.abandoned = True
            raise AssertionError(f"waited for {what}; {bot._handler.trace}")
        if time.monotonic() > until or bot.world.clock.monotonic() > end:
            lines = "\n".join(bot.log.splitlines()[-25:])
            raise AssertionError(f"waited for {what}; the bot said:\n{lines}\n{bot.rows()}")
        time.sleep(0.005)


def untouched_but(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs beside descriptions that were lacking, by field; nothing for a whole post."""
    differences = []
    for key in before.keys() | after.keys():
        if key == "attachments":
            continue
        if before.get(key) != after.get(key):
            differences.append(f"{key}: {before.get(key)!r} became {after.get(key)!r}")
    if [a["id"] for a in before["attachments"]] != [a["id"] for a in after["attachments"]]:
        return [*differences, "other attachments"]
    for one, other in zip(before["attachments"], after["attachments"], strict=True):
        differences += [
            f"attachment {key}: {one[key]!r} became {other[key]!r}"
            for key in one
            if one[key] != other[key] and not (key == "description" and not one[key])
        ]
    return differences
