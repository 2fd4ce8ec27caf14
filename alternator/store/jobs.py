"""The queue of a cluster: what waits in it, to look at and to mend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class QueueFacts:
    """How a queue is: what could be begun now, what waits for its time, what is under way.

    ``oldest`` is how many seconds the first of those has waited that could be begun now.
    """

    queue: str
    ready: int
    later: int
    doing: int
    oldest: float


@dataclass(frozen=True, kw_only=True)
class DeadJob:
    """A job that its workers could not end: a defect, or a database that was gone for long."""

    id: int
    task: str
    queue: str
    account: int
    status_id: str
    attempts: int


class Jobs(Protocol):
    """The queue, to look at and to mend."""

    def facts(self) -> Sequence[QueueFacts]:
        """How each queue is, those without a job too."""

    def dead(self, most: int = 100) -> Sequence[DeadJob]:
        """Those that are not tried again, the newest first."""

    def retry(self, job_id: int) -> bool:
        """Try a dead one again. False if it is none."""

    def hurry_speech(self) -> int:
        """Make due what waits since no engine could hear it; how many attachments that are."""

    def is_held(self, job_id: int, worker_id: int) -> bool:
        """Whether a job is this worker's still: who was silent for too long has lost it."""

    def mend(self) -> int:
        """See to it that what waits has a job, and that none is of a worker that is gone.

        Returns how many jobs were made or freed. Any process may, at any time.
        """
