"""What ``GET /health`` answers, and what is asked for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypedDict

from alternator.accounts.health import ServerReport, ServerState
from alternator.speech.worker.slot import WorkerReport
from alternator.store.outcomes import AttachmentState


class Worker(Protocol):
    """The Whisper worker, as ``alternator.speech.transcriber.Transcriber`` tells of it."""

    @property
    def state(self) -> str: ...

    @property
    def workers(self) -> Sequence[WorkerReport]: ...


class Queue(Protocol):
    """Where the work waits: ``alternator.accounts.account.Account``."""

    @property
    def halted(self) -> str | None: ...

    def queue(self) -> Mapping[AttachmentState, int]: ...


class Server(Protocol):
    """What is known of the server: ``alternator.accounts.health.AccountHealth``."""

    @property
    def report(self) -> ServerReport: ...


class WorkerLine(TypedDict):
    """One of the workers. ``why``: what it has to do without, or why it is left out; '' if well."""

    device: str
    state: str
    pid: int | None
    requests: int
    why: str


class Report(TypedDict):
    """The body of an answer. Times are ISO 8601 in UTC, null while there is none.

    ``halted`` says why nothing is edited any more; null while there is no such reason.
    """

    status: str
    worker: str
    workers: list[WorkerLine]
    server: ServerState
    server_since: str | None
    last_success: str | None
    queue: Mapping[AttachmentState, int]
    halted: str | None


def line_of(worker: WorkerReport) -> WorkerLine:
    """One of the workers, as JSON has it."""
    return WorkerLine(
        device=worker.device,
        state=worker.state,
        pid=worker.pid,
        requests=worker.requests,
        why=worker.why,
    )


def iso(moment: datetime | None) -> str | None:
    """A time as JSON has it."""
    return None if moment is None else moment.isoformat()
