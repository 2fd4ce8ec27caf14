"""The asking side's end of the worker: one process, its pipe, and the requests it holds."""

import contextlib
import logging
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, assert_never

from alternator.config.variables import without_secrets
from alternator.errors import AlternatorError, WorkerError
from alternator.speech.device import SPINNING
from alternator.speech.engines.engine import (
    Done,
    Failed,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.worker.held import Cause, Ending, HeldRequests, Lost, Mailbox, cause_of
from alternator.speech.worker.interpreter import COMMAND
from alternator.speech.worker.patience import TICK_SECONDS, Deadlines, Patience
from alternator.speech.worker.protocol import (
    LEAVE_SECONDS,
    Beat,
    Cancel,
    Fatal,
    Found,
    Frame,
    FrameError,
    Hello,
    Load,
    Loading,
    Ready,
    Sender,
    Started,
    VersionError,
    read_frame,
    read_hello,
)
from alternator.speech.worker.words import ended, model_of, worker_of
from probe.prove.operations import MPS_FALLBACK
from probe.tables.visibility import readable

Phase = Literal["starting", "ready", "busy"]
logger = logging.getLogger(__name__)


def nothing() -> None:
    """Nobody is to be told."""


class WorkerProcess:
    """A worker from its start to its end; never restarted, only replaced. Any thread may call.

    ``on_change`` is told, in one of its threads, that it is loaded, and that it is over.

    Three threads belong to it. One speaks. One listens: it alone reads the pipe, puts what comes
    into the mailboxes and, at the pipe's end, tells every request that is still held that it is
    lost. The third watches, and kills the process when the deadlines have passed; the listener then
    finds the pipe's end. So each request gets one last word, whichever way the process ends.
    """

    def __init__(
        self,
        load: Load,
        deadlines: Deadlines,
        environ: Mapping[str, str],
        *,
        command: Sequence[str] = COMMAND,
        on_change: Callable[[], None] = nothing,
    ) -> None:
        self._load = load
        self._on_change = on_change
        self._deadlines = deadlines
        self._held = HeldRequests()
        self._lock = threading.Lock()  # guards the next one
        self._ending: Ending | None = None  # it is over, or about to be
        self._over = threading.Event()
        self.ready: Ready | None = None  # what it said once its model was loaded
        self.gpus = 0  # as many as it sees
        self._heard = time.monotonic()
        self._steps = 0
        environment = {**SPINNING, **MPS_FALLBACK, **readable(without_secrets(environ))}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        # Sent by a thread of its own: a worker that is stopped reads nothing, and a full pipe
        # would hold up whoever has something for it.
        self._outgoing: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        for work in (self._watch, self._speak):
            threading.Thread(target=work, daemon=True).start()
        self._outgoing.put(Hello())
        self._outgoing.put(load)

    @property
    def _name(self) -> str:
        return worker_of(self._load.engine)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def phase(self) -> Phase:
        return "starting" if self.ready is None else "busy" if self._held else "ready"

    @property
    def ending(self) -> Ending | None:
        """Why it is over, once all that it held was told so; None before."""
        return self._ending if self._over.is_set() else None

    @property
    def hung(self) -> bool:
        """Whether it has been silent for too long."""
        bound = self._deadlines.hung if self.ready else self._deadlines.load
        return time.monotonic() - self._heard > bound

    @property
    def usable(self) -> bool:
        """Whether to ask it anything. One that hangs at work is left to its deadlines."""
        return self.alive and self._ending is None and not (self.hung and self.phase == "ready")

    def submit(self, request: Request, mailbox: Mailbox) -> None:
        """Ask for a transcript. Answers go to ``mailbox``: Done, Failed or Lost comes last."""
        if self._held.add(request.id, mailbox):
            self._outgoing.put(request)
        else:
            assert self._ending is not None, "whoever closed it said why"
            mailbox.put(Lost(ending=self._ending, begun=False))

    def cancel(self, request_id: str) -> None:
        """The request is not wanted any more; nothing happens if its answer came already."""
        if request_id in self._held:
            self._outgoing.put(Cancel(id=request_id))

    def close(self, why: AlternatorError) -> None:
        """As kill, but a worker at rest may first unload its engine, for LEAVE_SECONDS."""
        if self.usable and self.phase == "ready":
            self._give_up(why, "asked")
            self._outgoing.put(None)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=LEAVE_SECONDS)
        self.kill(why)

    def kill(self, why: AlternatorError, cause: Cause = "asked") -> None:
        """Ends the process, whatever it is doing; what it holds is lost for that reason."""
        self._give_up(why, cause)
        self._process.kill()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # In the kernel, in a driver's uninterruptible call: nothing more can be done to it.
            self._end()
            return
        self._listener.join()

    def _speak(self) -> None:
        """Sends what there is for the worker, and then closes its pipe."""
        sender = Sender(self._stdin)
        # A pipe that is closed has an end, which the listener finds.
        with contextlib.suppress(OSError):
            while (frame := self._outgoing.get()) is not None:
                sender.send(frame)
        with contextlib.suppress(OSError):  # what was still to be sent has no reader
            self._stdin.close()

    def _listen(self) -> None:
        """Takes every frame as it comes, also while nobody asks anything."""
        try:
            read_hello(self._stdout)
            while (frame := read_frame(self._stdout)) is not None:
                self._heard = time.monotonic()
                self._take(frame)
        except VersionError as error:
            what = "alternator was installed anew under the running program; start it again"
            self._give_up(WorkerError(f"{self._name} speaks {error}: {what}"), "refused")
        except FrameError as error:
            what = "which is not understood, and was stopped"
            self._give_up(WorkerError(f"{self._name} sent {error}, {what}"), "refused")
        finally:
            self._stdout.close()
            self._end()

    def _give_up(self, why: AlternatorError, cause: Cause) -> None:
        """The first reason counts."""
        with self._lock:
            self._ending = self._ending or Ending(error=why, cause=cause)

    def _take(self, frame: Frame) -> None:
        match frame:
            case Beat():
                self._steps = frame.steps
            case Loading():
                logger.info("%s", frame.text)
            case Found():
                self.gpus = frame.gpus
            case Ready():
                self.ready = frame
                model = model_of(self._load.engine, self._load.model)
                logger.info("%s is loaded on %s", model, frame.device)
                self._on_change()
            case Fatal():
                if frame.trace:
                    logger.error("%s\n%s", frame.error, frame.trace)
                self._give_up(frame.error, cause_of(frame))
            case Started() | SegmentFound() | Progressed() | Said() | Done() | Failed():
                self._held.deliver(frame)
            case Hello() | Load() | Request() | Cancel():
                raise FrameError(f"a frame {type(frame).__name__!r}")
            case _:
                assert_never(frame)

    def _watch(self) -> None:
        """Kills a worker that somebody waits for in vain."""
        patience = Patience(self._deadlines, self._load.engine)
        while not self._over.wait(TICK_SECONDS):
            if self.phase == "ready":
                patience.rest()
            elif why := patience.tick(self._heard, self._steps, starting=self.ready is None):
                self.kill(why, "hung")

    def _end(self) -> None:
        """The last word to everybody who waits. Called twice if the process can't be killed."""
        if self._ending is not None:
            self._process.kill()
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=10)
        self._process.kill()  # one that closed its pipe and lives on
        self._outgoing.put(None)
        doing = "at work" if self.ready else "loading the model"
        self._give_up(ended(self._load.engine, code, doing), "died")
        assert self._ending is not None
        self._held.lose(self._ending)
        self._over.set()
        self._on_change()
