"""One request from its submission to its last word, as the pool of workers keeps it."""

import copy
import queue
from dataclasses import dataclass, field

from alternator.errors import AlternatorError
from alternator.speech.engines.engine import CancelledRequestError, Event, Failed, Request
from alternator.speech.worker.less import Less
from alternator.speech.worker.protocol import Retried, Started

# What the requester reads: ``Done`` or ``Failed`` is the last one.
News = Started | Retried | Event


@dataclass(kw_only=True, eq=False)
class Job:
    """A request, and how it has fared. The pool's thread alone writes here.

    ``number`` is its place in the order of submission, which it keeps when it is tried once more.
    ``need`` above NOTHING: it was under way when a worker came to grief, so it is tried alone.
    ``seconds``: its sound, once that is known; ``spent``: the seconds of work that were its share.
    ``late``: why its time was over.
    """

    request: Request
    number: int
    mailbox: queue.SimpleQueue[News] = field(default_factory=queue.SimpleQueue)
    need: Less = Less.NOTHING
    tries: int = 0
    losses: int = 0
    begun: bool = False
    cancelled: bool = False
    seconds: float | None = None
    spent: float = 0.0
    late: AlternatorError | None = None
    error: AlternatorError | None = None

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def name(self) -> str:
        """Of its file, for people."""
        return self.request.path.name

    def turn(self) -> tuple[bool, int]:
        """Its place among those that wait."""
        return not self.request.urgent, self.number

    def tell(self, news: News) -> None:
        """For the requester, whoever reads it."""
        self.mailbox.put(news)

    def fail(self, error: AlternatorError) -> None:
        """Its last word. A request that was cancelled hears of nothing else."""
        if self.cancelled:
            error = CancelledRequestError("the transcription was cancelled")
        # Each requester raises an object of its own, with its own trace.
        self.tell(Failed(id=self.id, error=copy.copy(error)))
