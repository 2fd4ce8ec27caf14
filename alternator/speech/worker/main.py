"""The worker: loads an engine once and hands it requests as they come.

Started as ``python -m alternator.speech.worker.main``; ``protocol.py`` says what it is asked and
answers. It ends when its stdin does, which is when whoever asks ends, however.
"""

import gc
import os
import queue
import signal
import sys
import threading
import traceback
import warnings
from typing import BinaryIO, NoReturn, assert_never

from alternator.errors import AlternatorError, OutOfMemoryError, WorkerError
from alternator.progress import Progress
from alternator.speech.engines.engine import (
    CancelledRequestError,
    Done,
    Engine,
    Event,
    Failed,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.engines.registry import AUTO, make_engine
from alternator.speech.speakers.beside import Beside
from alternator.speech.worker.inbox import Inbox
from alternator.speech.worker.protocol import (
    BEAT_SECONDS,
    LEAVE_SECONDS,
    Beat,
    Cancel,
    Fatal,
    Found,
    FrameError,
    Hello,
    Load,
    Loading,
    Ready,
    Sender,
    Started,
    read_frame,
    read_hello,
)
from alternator.speech.worker.words import engine_of, worker_of
from probe.exit_codes import ExitCode


class Steps(Progress):
    """Counts the steps taken, for the heartbeat to tell; lines about the loading travel."""

    def __init__(self, sender: Sender) -> None:
        self.count = 0
        self._sender = sender

    def beat(self) -> None:
        """A step was taken."""
        self.count += 1

    def advanced(self, done: float, total: float) -> None:
        """Likewise."""
        self.beat()

    def line(self, text: str) -> None:
        """A line about the loading."""
        self._sender.send(Loading(text=text))


class Worker:
    """One engine, and the threads around it: one reads, one beats, this one works."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._steps = Steps(sender)
        self._inbox = Inbox(lambda request_id: sender.send(Started(id=request_id)))
        self._load: queue.SimpleQueue[Load] = queue.SimpleQueue()
        self._engine = AUTO  # its name
        self._loaded = threading.Event()
        self._heard: dict[str, float] = {}  # by request: the seconds that were told of last

    def run(self) -> int:
        """Works until the other side is gone, or something fails in a way that leaves the process
        in doubt."""
        self._sender.send(Hello())
        for work in (self._receive, self._beat):
            threading.Thread(target=work, daemon=True).start()
        try:
            load = self._load.get()
            engine = self._make(load)
            beside = Beside(load.options.model_dir)
            while self._inbox.wait():
                self._answer(engine, beside)
            engine.unload()
            return 0
        except AlternatorError as error:
            self._sender.send(Fatal(error=error))
        except Exception as error:  # noqa: BLE001 - told to the other side, which logs it
            # After an unforeseen error (a CUDA context that died, say) only a new process helps.
            message = f"{engine_of(self._engine)} failed: {type(error).__name__}: {error}"
            message = message.strip().splitlines()[0]
            kind = OutOfMemoryError if lacks_memory(error) else WorkerError
            told = kind(f"{message}; the worker is started again when needed")
            self._sender.send(Fatal(error=told, trace=traceback.format_exc()))
        return ExitCode.FAILED

    def _make(self, load: Load) -> Engine:
        # The heartbeat runs already: importing torch alone may take many seconds. It makes hundreds
        # of thousands of objects that stay: looking them through for garbage took 0.2 s of 1.4.
        gc.disable()
        engine = make_engine(load.engine)
        if count := gpus():
            self._sender.send(Found(gpus=count))
        engine.load(load.model, load.device, load.options, self._steps)
        gc.freeze()
        gc.enable()
        self._loaded.set()
        ready = Ready(
            device=engine.device,
            # Of an engine that computes in batches.
            batch_size=getattr(engine, "batch_size", 0),
            compute_type=getattr(engine, "compute_type", ""),
            continues=getattr(engine, "continues", False),
        )
        self._sender.send(ready)
        return engine

    def _answer(self, engine: Engine, beside: Beside) -> None:
        """Let the engine work through what waits, and what comes meanwhile."""
        for event in beside.transcribe(engine, self._inbox):
            self._steps.beat()
            self._forward(event)
        if left := self._inbox.running:
            raise RuntimeError(f"the engine gave no answer to {len(left)} requests")

    def _forward(self, event: Event) -> None:
        match event:
            case Progressed():
                # A step without news is told by the heartbeat.
                if self._heard.get(event.id) == event.done:
                    return
                self._heard[event.id] = event.done
            case Done() | Failed():
                self._heard.pop(event.id, None)
                self._inbox.finished(event.id)
            case SegmentFound() | Said():
                pass
            case _:
                assert_never(event)
        self._sender.send(event)

    def _receive(self) -> None:
        """Takes frames from stdin. At its end the other side is gone, and this process with it."""
        try:
            read_hello(sys.stdin.buffer)
            while (frame := read_frame(sys.stdin.buffer)) is not None:
                match frame:
                    case Load():
                        self._engine = frame.engine
                        self._load.put(frame)
                    case Request():
                        self._inbox.add(frame)
                    case Cancel():
                        self._cancel(frame.id)
                    case _:
                        raise FrameError(f"a frame {type(frame).__name__!r} for a worker")
        except FrameError as error:
            name = worker_of(self._engine)
            told = WorkerError(f"{name} was sent {error}; start the program again")
            self._sender.send(Fatal(error=told))
        except Exception:  # noqa: BLE001
            traceback.print_exc()  # the exit would swallow it
        finally:
            self._leave()

    def _leave(self) -> NoReturn:
        """Ends the process, since the other side is gone: in the middle of work at once.

        An engine at rest has some time to give back what it holds outside of this process. It
        does so in the main thread, as all that an engine does; with it the process ends.
        """
        if self._loaded.is_set() and self._inbox.close():
            threading.Event().wait(LEAVE_SECONDS)
        os._exit(0)

    def _cancel(self, request_id: str) -> None:
        if self._inbox.cancel(request_id):
            error = CancelledRequestError("the transcription was cancelled")
            self._sender.send(Failed(id=request_id, error=error))

    def _beat(self) -> None:
        """Says once a second that the process runs."""
        ticking = threading.Event()
        while True:
            try:
                self._sender.send(Beat(steps=self._steps.count))
            except OSError:
                self._leave()
            ticking.wait(BEAT_SECONDS)


def main() -> int:
    # Ctrl-C reaches the whole terminal group; what becomes of this process is the asker's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.showwarning = show_warning
    return Worker(Sender(claim_stdout())).run()


def claim_stdout() -> BinaryIO:
    """The pipe to whoever asks, taken away from file descriptor 1: what a library prints goes to
    stderr and never between two frames."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def gpus() -> int:
    """How many GPUs torch sees, where the engine has imported torch; 0 otherwise."""
    torch = sys.modules.get("torch")
    return torch.cuda.device_count() if torch is not None else 0


def lacks_memory(error: Exception) -> bool:
    """Whether memory ran out: Python's own, or torch's error of that name, which is no MemoryError.

    https://docs.pytorch.org/docs/stable/generated/torch.cuda.OutOfMemoryError.html
    """
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """A library's warning as one line instead of two with a piece of its source."""
    print(f"speech worker: {message}", file=sys.stderr)


if __name__ == "__main__":
    # Not sys.exit: at shutdown the interpreter aborts if a thread still waits for stdin.
    os._exit(main())
