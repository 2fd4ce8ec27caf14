"""How a worker is: whether it takes posts, and whether what transcribes lives."""

from collections.abc import Mapping

from alternator.bot.answers import Answer, Answers, of_troubles
from alternator.bot.bot import SpeechWorker
from alternator.bot.health_report import line_of
from alternator.queue.taking import QueueThread
from alternator.roles.hearing import Hearing
from alternator.roles.opening import troubles_of
from alternator.store.interface import Store


class WorkerHealth:
    """Asked by the threads that answer over HTTP."""

    def __init__(
        self, store: Store, queue: QueueThread, speech: SpeechWorker | None, hearing: Hearing
    ) -> None:
        self._store = store
        self._queue = queue
        self._speech = speech
        self._hearing = hearing

    def facts(self) -> Mapping[str, object]:
        """What stands in the cluster's list of processes."""
        if self._speech is None:
            return {"under_way": self._queue.under_way, "devices": []}
        workers = self._speech.workers
        without = {"without": why} if (why := [one.why for one in workers if one.why]) else {}
        return {
            "under_way": self._queue.under_way,
            **self._deaf(),
            "devices": [one.device for one in workers],
            "speech": self._speech.state,
            **without,
        }

    def report(self) -> tuple[int, Mapping[str, object]]:
        """HTTP status and body for ``alternator health``: 503 for what a restart may mend."""
        troubles = self._troubles()
        workers = [] if self._speech is None else [line_of(one) for one in self._speech.workers]
        body = {
            "status": troubles[0] if troubles else "ok",
            "role": "worker",
            "worker": "disabled" if self._speech is None else self._speech.state,
            "workers": workers,
            **self._deaf(),
            "under_way": self._queue.under_way,
            "queue": "reachable" if self._queue.taking else "unreachable",
        }
        return (503 if troubles else 200), body

    def answers(self) -> Answers:
        """What is answered to an orchestrator."""

        def alive() -> Answer:
            return of_troubles(self._troubles(), "alive")

        def ready() -> Answer:
            return of_troubles(self._troubles() + self._obstacles(), "ready")

        return {"/healthz": alive, "/readyz": ready}

    def _deaf(self) -> Mapping[str, str]:
        """Why it takes no posts with speech for now, if so."""
        return {} if (why := self._hearing.why) is None else {"deaf": why}

    def _troubles(self) -> list[str]:
        """What a restart may mend."""
        hangs = self._speech is not None and self._speech.state == "hung"
        return ["the Whisper worker hangs"] if hangs else []

    def _obstacles(self) -> list[str]:
        """What keeps it from work, and no restart mends."""
        found = [] if self._queue.taking else ["the queue can't be reached"]
        return found + troubles_of(self._store)
