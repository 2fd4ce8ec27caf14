"""The bot's end of the Whisper worker: one process, its pipe, and how long it may be silent."""

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from alternator.errors import WorkerError
from alternator.speech.worker.protocol import Frame, FrameError, Sender, error_of, read_frame

TICK_SECONDS = 0.5

logger = logging.getLogger(__name__)

Phase = Literal["starting", "ready", "busy"]


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """How long the worker may be silent, in seconds; it says something every second.

    ``hung``: then it counts as hung; ``silence``: then it is killed. ``load`` takes the place of
    both while it imports torch, which from a cold disk lets no other thread run. ``stall`` bounds
    the time without any step of work, though the process still answers: a GPU that hangs. A step
    is one pass through the model, or the decoding of the file, which has its own bound of 600 s.
    """

    hung: float = 20.0
    silence: float = 60.0
    load: float = 300.0
    stall: float = 900.0


class WhisperProcess:
    """A worker from its start to its end; never restarted, only replaced.

    ``phase`` belongs to whoever asks; a worker is asked one thing at a time.
    """

    def __init__(self, deadlines: Deadlines) -> None:
        self.phase: Phase = "starting"
        self._deadlines = deadlines
        self._heard = time.monotonic()
        self._steps = 0
        self._answers: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        # OpenMP's threads otherwise spin while they wait for each other. On two cores that others
        # use too, that was measured to make a short clip four times slower; it also burns quota.
        environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
        # -P: a file torch.py or whisper.py in the working directory is not the library.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "alternator.speech.worker.main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._sender = Sender(self._stdin)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def hung(self) -> bool:
        """Whether it has been silent for too long, from any thread."""
        deadlines = self._deadlines
        bound = deadlines.load if self.phase == "starting" else deadlines.hung
        return time.monotonic() - self._heard > bound

    def ask(
        self,
        request: Frame,
        *,
        on_wait: Callable[[], None] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Frame:
        """The answer to a request; the error that the worker answers with is raised.

        ``on_wait`` is called about twice a second. WorkerError if the worker dies or hangs; it
        is dead afterwards, as after any exception from a callback or the keyboard.
        """
        try:
            frame = self._await_answer(request, on_wait, on_line)
        except BaseException:
            self.kill()
            raise
        if error := error_of(frame):
            if isinstance(error, WorkerError):
                logger.debug("%s\n%s", error, frame.get("trace", ""))
                self.kill()
            raise error
        return frame

    def kill(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            # In the kernel, in a driver's uninterruptible call: nothing more can be done to it.
            return
        self._listener.join()
        with contextlib.suppress(OSError):  # what was still to be sent has no reader
            self._stdin.close()

    def _await_answer(
        self,
        request: Frame,
        on_wait: Callable[[], None] | None,
        on_line: Callable[[str], None] | None,
    ) -> Frame:
        try:
            self._sender.send(request)
        except OSError:
            raise self._death() from None
        silence = stall = 0.0
        while True:
            heard, steps = self._heard, self._steps
            try:
                frame = self._answers.get(timeout=TICK_SECONDS)
            except queue.Empty:
                # Counted in ticks of this process: while it was itself stopped, nothing counts.
                silence = 0.0 if self._heard != heard else silence + TICK_SECONDS
                stall = 0.0 if self._steps != steps else stall + TICK_SECONDS
                self._check_patience(silence, stall)
                if on_wait is not None:
                    on_wait()
                continue
            if frame is None:
                raise self._death()
            if "line" not in frame:
                return frame
            if on_line is not None:
                on_line(frame["line"])

    def _check_patience(self, silence: float, stall: float) -> None:
        bound = self._deadlines.load if self.phase == "starting" else self._deadlines.silence
        if silence < bound and stall < self._deadlines.stall:
            return
        what = (
            f"was silent for {bound:g} s"
            if silence >= bound
            else f"made no progress in {self._deadlines.stall:g} s"
        )
        raise WorkerError(
            f"the Whisper worker {what} and was stopped; it is started again for the next file. "
            f"If this happens again, choose a smaller [whisper] model or set device to cpu"
        )

    def _death(self) -> WorkerError:
        """How the process ended, as an error to raise."""
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return WorkerError("the Whisper worker closed its pipe without an answer")
        doing = "loading the model" if self.phase == "starting" else "at work"
        if code >= 0:
            return WorkerError(
                f"the Whisper worker ended while {doing} (exit code {code}); what it wrote to "
                f"stderr stands above. It is started again for the next file"
            )
        hints = {
            signal.SIGKILL: "if nobody killed it, memory ran out: choose a smaller [whisper] "
            "model or allow the container more",
            signal.SIGILL: "this torch build needs instructions that this CPU lacks",
        }
        hint = hints.get(signal.Signals(-code), "if it happens again, set [whisper] device to cpu")
        return WorkerError(
            f"the Whisper worker died of {signal.Signals(-code).name} while {doing}; {hint}. "
            f"It is started again for the next file"
        )

    def _listen(self) -> None:
        """Takes every frame as it comes, also while nobody asks anything."""
        try:
            while (frame := read_frame(self._stdout)) is not None:
                self._heard = time.monotonic()
                if "beat" in frame:
                    self._steps = frame["beat"]
                else:
                    self._answers.put(frame)
        except FrameError:
            self._process.kill()
        finally:
            self._answers.put(None)
            self._stdout.close()
