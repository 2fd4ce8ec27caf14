"""The Whisper worker: loads a model once and transcribes one file after the other.

Started by the bot as ``python -m alternator.speech.worker.main``; ``protocol.py`` says what it is
asked and answers. It ends when its stdin does, which is when the bot ends, however.
"""

import contextlib
import io
import os
import queue
import signal
import sys
import threading
import traceback
import warnings
from pathlib import Path
from typing import BinaryIO

from alternator.config.models import WhisperSettings
from alternator.errors import AlternatorError, ModelError, WorkerError
from alternator.media.audio import decode, find_ffmpeg
from alternator.speech.device import (
    choose_device,
    cpu_quota,
    threads_for,
    wanted_device,
)
from alternator.speech.engines.engine import Engine
from alternator.speech.transcript import to_whisper
from alternator.speech.worker.protocol import BEAT_SECONDS, Frame, Sender, error_frame, read_frame
from probe.machine.variables import PROVEN_DEVICE


class Progress:
    """Counts the steps taken, for the heartbeat to tell."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self) -> None:
        self.steps += 1


class LineSender(io.TextIOBase):
    """A text stream whose lines travel to the bot; stands in for stdout while Whisper prints."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._sender.send({"line": line})
        return len(text)


def main() -> int:
    # Ctrl-C reaches the whole terminal group; what becomes of this process is the bot's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.showwarning = show_warning
    sender = Sender(claim_stdout())
    progress = Progress()
    requests: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    threading.Thread(target=receive, args=(requests,), daemon=True).start()
    threading.Thread(target=beat, args=(sender, progress), daemon=True).start()
    return serve(requests, sender, progress)


def serve(requests: "queue.SimpleQueue[Frame]", sender: Sender, progress: Progress) -> int:
    """Answers requests until one fails in a way that leaves the process in doubt."""
    engine: Engine | None = None
    while True:
        request = requests.get()
        try:
            if request["op"] == "load":
                engine = load(request, sender, progress)
                sender.send({"ready": {"device": engine.device}})
            else:
                assert engine is not None
                sender.send(transcribe(request, engine, sender))
        except AlternatorError as error:
            sender.send(error_frame(error))
            if engine is None:
                return 1
        except Exception as error:
            # After an unforeseen error (a CUDA context that died, say) only a new process helps.
            message = f"Whisper failed: {type(error).__name__}: {error}".strip().splitlines()[0]
            reply = error_frame(WorkerError(f"{message}; the worker is started again when needed"))
            sender.send(reply | {"trace": traceback.format_exc()})
            return 1


def load(request: Frame, sender: Sender, progress: Progress) -> Engine:
    """Loads what the request names. Late imports: the heartbeat must run before torch does."""
    find_ffmpeg()
    try:
        import torch

        from alternator.speech.engines import openai_whisper
    except ImportError as error:
        raise ModelError(
            f"openai-whisper can't be imported: {error}; install the extra `whisper` "
            f"(pip install 'alternator[whisper]' openai-whisper) or use the container image"
        ) from None
    settings = WhisperSettings(
        **request["settings"] | {"model_dir": Path(request["settings"]["model_dir"])}
    )
    openai_whisper.language_code(settings.language)
    source = openai_whisper.find_model(settings.model, settings.model_dir)
    device = choose_device(
        wanted_device(settings, request["device"]),
        os.environ.get(PROVEN_DEVICE),
        openai_whisper.torch_build(),
    )
    torch.set_num_threads(request["threads"] or threads_for(cpu_quota(), torch.get_num_threads()))
    if not openai_whisper.is_downloaded(source, settings.model_dir):
        sender.send({"line": f"downloading the Whisper model {source!r}"})
    return openai_whisper.load_model(source, settings.model_dir, device, progress.step)


def transcribe(request: Frame, engine: Engine, sender: Sender) -> Frame:
    """Decodes one file and transcribes it; what Whisper prints travels as lines."""
    samples = decode(Path(request["path"]), limit_seconds=request["limit_seconds"])
    with contextlib.redirect_stdout(LineSender(sender)):
        transcript = engine.transcribe(samples, request["options"])
    return {"transcript": to_whisper(transcript), "duration": transcript.duration}


def claim_stdout() -> BinaryIO:
    """The pipe to the bot, taken away from file descriptor 1: what a library prints goes to
    stderr and never between two frames."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def receive(requests: "queue.SimpleQueue[Frame]") -> None:
    """Takes requests from stdin. At its end the bot is gone, and this process with it."""
    try:
        while request := read_frame(sys.stdin.buffer):
            requests.put(request)
    finally:
        os._exit(0)


def beat(sender: Sender, progress: Progress) -> None:
    """Says once a second that the process runs, and how many steps it has taken."""
    ticking = threading.Event()
    while True:
        try:
            sender.send({"beat": progress.steps})
        except OSError:
            os._exit(0)
        ticking.wait(BEAT_SECONDS)


def show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """A library's warning as one line instead of two with a piece of its source."""
    print(f"whisper: {message}", file=sys.stderr)


if __name__ == "__main__":
    # Not sys.exit: at shutdown the interpreter aborts if a thread still waits for stdin.
    os._exit(main())
