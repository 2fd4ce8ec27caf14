"""The asking side's end of the worker: one process, its pipe, and the requests it holds."""

import contextlib
import copy
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Literal, assert_never

from alternator.errors import AlternatorError, WorkerError
from alternator.progress import SILENT, Progress
from alternator.speech.engines.engine import (
    Done,
    Failed,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.worker.held import HeldRequests, Lost, Mailbox
from alternator.speech.worker.patience import TICK_SECONDS, Deadlines, Patience
from alternator.speech.worker.protocol import (
    LEAVE_SECONDS,
    Beat,
    Cancel,
    Fatal,
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

# -P: a file torch.py or whisper.py in the working directory is not the library.
COMMAND = (sys.executable, "-P", "-m", "alternator.speech.worker.main")

Phase = Literal["starting", "ready", "busy"]

logger = logging.getLogger(__name__)


class WorkerProcess:
    """A worker from its start to its end; never restarted, only replaced. Any thread may call.

    Two threads belong to it. One listens: it alone reads the pipe, puts what comes into the
    mailboxes and, at the pipe's end, tells every request that is still held that it is lost. The
    other watches, and kills the process when the deadlines have passed; the listener then finds the
    pipe's end. So each request gets one last word, whichever way the process ends.
    """

    def __init__(
        self,
        load: Load,
        deadlines: Deadlines,
        environ: Mapping[str, str],
        *,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._load = load
        self._deadlines = deadlines
        self._held = HeldRequests()
        self._lock = threading.Lock()  # guards the next one
        self._why: AlternatorError | None = None  # it is over, or about to be
        self._loaded = False
        self._settled = threading.Event()  # loaded, or over before
        self._over = threading.Event()
        self._heard = time.monotonic()
        self._steps = 0
        # OpenMP's threads otherwise spin while they wait for each other. On two cores that others
        # use too, that was measured to make a short clip four times slower; it also burns quota.
        # https://gcc.gnu.org/onlinedocs/libgomp/OMP_005fWAIT_005fPOLICY.html
        environment = {"OMP_WAIT_POLICY": "PASSIVE", **MPS_FALLBACK, **readable(environ)}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._sender = Sender(self._stdin)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        threading.Thread(target=self._watch, daemon=True).start()
        self._send(Hello())
        self._send(load)

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
        return "starting" if not self._loaded else "busy" if self._held else "ready"

    @property
    def hung(self) -> bool:
        """Whether it has been silent for too long."""
        bound = self._deadlines.hung if self._loaded else self._deadlines.load
        return time.monotonic() - self._heard > bound

    @property
    def usable(self) -> bool:
        """Whether to ask it anything. One that hangs at work is left to its deadlines."""
        return self.alive and self._why is None and not (self.hung and self.phase == "ready")

    def wait_until_loaded(self, progress: Progress = SILENT) -> None:
        """Returns once the model is loaded; the error that it ended with instead is raised."""
        while not self._settled.wait(TICK_SECONDS):
            progress.beat()
        if not self._loaded:
            assert self._why is not None
            raise copy.copy(self._why)

    def submit(self, request: Request, mailbox: Mailbox) -> None:
        """Ask for a transcript. Answers go to ``mailbox``: Done, Failed or Lost comes last."""
        if self._held.add(request.id, mailbox):
            self._send(request)
        else:
            assert self._why is not None, "whoever closed it said why"
            mailbox.put(Lost(error=copy.copy(self._why), again=self._loaded))

    def cancel(self, request_id: str) -> None:
        """The request is not wanted any more; nothing happens if its answer came already."""
        if request_id in self._held:
            self._send(Cancel(id=request_id))

    def close(self, why: WorkerError) -> None:
        """As kill, but a worker at rest may first unload its engine, for LEAVE_SECONDS."""
        if self.usable and self.phase == "ready":
            self._give_up(why)
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._stdin.close()
                self._process.wait(timeout=LEAVE_SECONDS)
        self.kill(why)

    def kill(self, why: WorkerError) -> None:
        """Ends the process, whatever it is doing; what it holds is lost for that reason."""
        self._give_up(why)
        self._process.kill()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # In the kernel, in a driver's uninterruptible call: nothing more can be done to it.
            self._end()
            return
        self._listener.join()

    def _send(self, frame: Frame) -> None:
        # A pipe that is closed has an end, which the listener finds.
        with contextlib.suppress(OSError, ValueError):
            self._sender.send(frame)

    def _listen(self) -> None:
        """Takes every frame as it comes, also while nobody asks anything."""
        try:
            read_hello(self._stdout)
            while (frame := read_frame(self._stdout)) is not None:
                self._heard = time.monotonic()
                self._take(frame)
        except VersionError as error:
            what = "alternator was installed anew under the running program; start it again"
            self._give_up(WorkerError(f"{self._name} speaks {error}: {what}"))
        except FrameError as error:
            what = "which is not understood, and was stopped"
            self._give_up(WorkerError(f"{self._name} sent {error}, {what}"))
        finally:
            self._stdout.close()
            self._end()

    def _give_up(self, why: AlternatorError) -> None:
        """The first reason counts."""
        with self._lock:
            self._why = self._why or why

    def _take(self, frame: Frame) -> None:
        match frame:
            case Beat():
                self._steps = frame.steps
            case Loading():
                logger.info("%s", frame.text)
            case Ready():
                self._loaded = True
                self._settled.set()
                model = model_of(self._load.engine, self._load.model)
                logger.info("%s is loaded on %s", model, frame.device)
            case Fatal():
                if frame.trace:
                    logger.error("%s\n%s", frame.error, frame.trace)
                self._give_up(frame.error)
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
            elif why := patience.tick(self._heard, self._steps, starting=not self._loaded):
                self.kill(why)

    def _end(self) -> None:
        """The last word to everybody who waits. Called twice if the process can't be killed."""
        if self._why is not None:
            self._process.kill()
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=10)
        self._process.kill()  # one that closed its pipe and lives on
        if code is not None:
            with contextlib.suppress(OSError):  # what was still to be sent has no reader
                self._stdin.close()
        with self._lock:
            doing = "at work" if self._loaded else "loading the model"
            why = self._why = self._why or ended(self._load.engine, code, doing)
        self._over.set()
        self._settled.set()
        # A worker that dies of its model would die again.
        self._held.lose(why, again=self._loaded)
