"""How the bot is: a record that its threads keep, and ``GET /health`` that tells it.

A bot whose worker hangs is unhealthy (503); one whose server can't be reached, or that edits
nothing any more after a damage, is not (200): a restart would mend the first and not the others.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from alternator.accounts.health import ServerReport
from alternator.bot.answers import Answer, answering
from alternator.bot.health_report import Queue, Report, Server, Worker, iso, line_of
from alternator.bot.pulse import Pulse
from alternator.config.settings import HealthSettings
from alternator.dashboard.watched import Condition
from alternator.errors import StateError
from alternator.store.outcomes import AttachmentState

log = logging.getLogger(__name__)

# The main loop is heard of every second, and less often only while it waits for an answer.
SILENCE_SECONDS = 180.0


class Health:
    """What is known about the bot's health.

    The threads that describe tell; the threads of the HTTP server read. Each thing told is one
    assignment, which no thread sees half done, and one that is a moment old is as good: so there is
    no lock.

    ``worker`` is None where Whisper is turned off. ``longest_request`` is how many seconds the
    main loop may wait for one answer.
    """

    def __init__(
        self,
        *,
        server: Server,
        queue: Queue,
        worker: Worker | None,
        longest_request: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._queue = queue
        self._worker = worker
        self._silence = SILENCE_SECONDS + longest_request
        # Of the main loop, which goes on all along, and of a post with speech, while there is one.
        self._main, self.speech = Pulse(clock), Pulse(clock)
        self._main.beat()
        self._starting = True
        self._last_success: datetime | None = None
        self._described = 0

    def ready(self) -> None:
        """The start is over: the model is loaded, and posts are described."""
        self._starting = False

    def beat(self) -> None:
        """The main loop is alive."""
        self._main.beat()

    def succeeded(self) -> None:
        """A description was written just now."""
        self._last_success = datetime.now(UTC)
        self._described += 1

    @property
    def described(self) -> int:
        """Descriptions since the start."""
        return self._described

    def condition(self) -> Condition:
        """The same as ``report`` for the dashboard, which asks the store itself."""
        server = self._server.report
        worker = "disabled" if self._worker is None else self._worker.state
        trouble = ""
        try:
            self._queue.queue()
        except StateError as error:
            trouble = str(error)
        status = self._status(worker, server, trouble)
        return Condition(
            trouble="" if status in ("ok", "starting") else status,
            starting=self._starting,
            worker=worker,
            workers=() if self._worker is None else tuple(self._worker.workers),
            server=server,
            last_success=self._last_success,
            described=self._described,
        )

    def report(self) -> tuple[int, Report]:
        """HTTP status and body of an answer."""
        server = self._server.report
        worker = "disabled" if self._worker is None else self._worker.state
        queue: Mapping[AttachmentState, int] = {}
        halted = None
        trouble = ""
        try:
            queue = self._queue.queue()
            halted = self._queue.halted
        except StateError as error:
            trouble = str(error)
        status = self._status(worker, server, trouble)
        body = Report(
            status=status,
            worker=worker,
            workers=[] if self._worker is None else [line_of(one) for one in self._worker.workers],
            server=server.state,
            server_since=iso(server.since),
            last_success=iso(self._last_success),
            queue=queue,
            halted=halted,
        )
        return (200 if status == "ok" else 503), body

    def _status(self, worker: str, server: ServerReport, trouble: str) -> str:
        """What is wrong, else "ok"."""
        # A start that waits for the server is no fault of the bot: a restart would not mend it.
        if self._starting and not server.failing:
            return "starting"
        if trouble:
            return trouble
        if worker == "hung":
            return "the Whisper worker hangs"
        if (silence := self._main.silence) > self._silence:
            return f"the bot has been silent for {silence:.0f} s"
        if (silence := self.speech.silence) > self._silence:
            return f"the work on a post with speech has been silent for {silence:.0f} s"
        return "ok"


class Reporting(Protocol):
    """What has an answer: ``Health``, or that of several accounts."""

    def report(self) -> tuple[int, Mapping[str, object]]: ...


@contextmanager
def serving(health: Reporting, settings: HealthSettings) -> Iterator[None]:
    """Answer ``GET /health`` in a thread all along, unless that is turned off.

    ConfigError if the port can't be had.
    """

    def told() -> Answer:
        code, body = health.report()
        return Answer(json.dumps(body).encode(), status=code, kind="application/json")

    with answering({"/health": told}, settings, "health"):
        yield
