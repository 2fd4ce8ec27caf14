"""The place of one worker: a device, the process that is there now, and what it is at work on."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from alternator.errors import AlternatorError
from alternator.speech.worker.job import Job
from alternator.speech.worker.less import Less, lessened
from alternator.speech.worker.process import WorkerProcess
from alternator.speech.worker.protocol import Load, Ready

# How many requests one worker is handed; the others wait here, where they may go to another one.
# Enough for a large batch to be full while the next files are decoded.
MOST_IN_WORKER = 128
# "unloaded": for want of work, as the operator asked for.
State = Literal["stopped", "starting", "ready", "busy", "hung", "unloaded"]
# What a place has for a request: room; room after a start, or after it made way for another
# worker; none for now.
Offer = Literal["take", "start", "replace", "wait"]


@dataclass(frozen=True, kw_only=True)
class WorkerReport:
    """How one worker is. ``why``: what it had to do without, or why it is left out; '' if well."""

    device: str
    state: State | Literal["left out"]
    pid: int | None
    requests: int
    why: str


class Start(Protocol):
    """Starts a worker. OSError if there is no such program."""

    def __call__(self, load: Load, on_change: Callable[[], None], /) -> WorkerProcess: ...


class Slot:
    """One place. The pool's thread alone changes it; others may look at what it is.

    ``base`` is what every request has to do with there, since more could not be loaded; ``less``
    what the present worker was started with. ``said`` is what a worker said that was started with
    all that is configured.
    """

    def __init__(self, load: Load, start: Start) -> None:
        self.load = load
        self._start = start
        self.base = self.less = Less.NOTHING
        self.said: Ready | None = None
        self.process: WorkerProcess | None = None
        self.jobs: dict[str, Job] = {}
        self.struck: list[Job] = []  # what was under way when the present process ended
        self.lack: AlternatorError | None = None  # why not more could be loaded
        self.why = ""
        self.left_out_until = 0.0  # by time.monotonic()
        self.leaving = False  # it was told to end
        self.unloaded = False
        self.rests_since = time.monotonic()

    @property
    def left_out(self) -> bool:
        """Whether nothing is tried here for now."""
        return time.monotonic() < self.left_out_until

    @property
    def loaded(self) -> bool:
        process = self.process
        return process is not None and process.ready is not None and not self.leaving

    @property
    def device(self) -> str:
        """Where it computes, by the best name that is known."""
        process = self.process
        ready = process.ready if process is not None else None
        return self.load.device if ready is None else ready.device

    @property
    def state(self) -> State:
        process = self.process
        if process is None or not process.alive:
            return "unloaded" if self.unloaded else "stopped"
        return "hung" if process.hung else process.phase

    @property
    def report(self) -> WorkerReport:
        process = self.process
        return WorkerReport(
            device=self.device,
            state="left out" if self.left_out else self.state,
            pid=process.pid if process is not None and process.alive else None,
            requests=len(self.jobs),
            why=self.why,
        )

    def offer(self, job: Job) -> Offer:
        """What there is for a request now."""
        process = self.process
        if process is None:
            return "start"
        if self.leaving or process.ready is None:
            return "wait"
        if not process.usable:
            # Over: its end is on its way here. Or silent at rest: replaced, work or none.
            return "replace" if process.alive and not self.jobs else "wait"
        if job.need:
            if self.jobs:
                return "wait"
            return "take" if self.less == self.needed(job) else "replace"
        full = len(self.jobs) >= MOST_IN_WORKER and not job.request.urgent
        if full or any(other.need for other in self.jobs.values()):
            return "wait"
        # Half a batch will do for all; another precision or device is for whom it must be.
        if self.less <= max(self.base, Less.BATCH):
            return "take"
        return "wait" if self.jobs else "replace"

    def needed(self, job: Job) -> Less:
        """With what a worker has to be started for that request."""
        return max(job.need, self.base)

    def start(self, less: Less, on_change: Callable[["Slot", WorkerProcess], None]) -> None:
        """Start a worker. OSError if there is no such program."""
        self.less, self.leaving, self.unloaded = less, False, False
        begun: list[WorkerProcess] = []
        known = threading.Event()

        def changed() -> None:
            known.wait()  # until the process has its name here
            on_change(self, begun[0])

        process = self._start(lessened(self.load, less, self.said), changed)
        begun.append(process)
        self.process = process
        known.set()

    def leave(self, why: AlternatorError) -> threading.Thread:
        """Have the worker end in a thread, which is returned; ``on_change`` tells when it has."""
        assert self.process is not None, "there is one"
        self.leaving = True
        thread = threading.Thread(target=self.process.close, args=(why,), daemon=True)
        thread.start()
        return thread
