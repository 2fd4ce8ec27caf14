"""What the worker, its engine and its model are called, and what is said of a worker that ended.

The documents quote the messages about Whisper, which is what nearly everybody uses, by either of
the engines that compute it. Another engine is called by its name.
"""

import signal

from alternator.errors import WorkerError
from alternator.speech.engines.registry import AUTO, WHISPER_ENGINES
from probe.exit_codes import ExitCode


def is_whisper(engine: str) -> bool:
    """Whether that engine computes OpenAI's models."""
    return engine in (AUTO, *WHISPER_ENGINES)


def engine_of(engine: str) -> str:
    """The engine of that name, in a sentence."""
    return "Whisper" if is_whisper(engine) else f"the speech engine {engine!r}"


def worker_of(engine: str) -> str:
    """The worker that holds that engine, in a sentence."""
    return "the Whisper worker" if is_whisper(engine) else "the speech worker"


def model_of(engine: str, model: str) -> str:
    """A model of that engine, in a sentence."""
    whisper = is_whisper(engine)
    return f"Whisper model {model}" if whisper else f"model {model} of {engine_of(engine)}"


def stopped(engine: str, what: str) -> WorkerError:
    """For a worker that was killed for what it did not do."""
    return WorkerError(
        f"{worker_of(engine)} {what} and was stopped; it is started again for the next file. "
        f"If this happens again, choose a smaller [whisper] model or set device to cpu"
    )


def ended(engine: str, code: int | None, doing: str) -> WorkerError:
    """For a worker that ended by itself: its exit code, None if it only closed its pipe."""
    if code is None:
        return WorkerError(f"{worker_of(engine)} closed its pipe without an answer")
    if code == ExitCode.LEFT_OUT:
        return WorkerError(
            f"{worker_of(engine)} ended while {doing}: it called a GPU library that this image "
            f"leaves out, named above. Take the complete image (make images VARIANT=cuda FULL=1), "
            f"or set [whisper] device to cpu"
        )
    if code >= 0:
        return WorkerError(
            f"{worker_of(engine)} ended while {doing} (exit code {code}); what it wrote to "
            f"stderr stands above. It is started again for the next file"
        )
    hints = {
        signal.SIGKILL: "if nobody killed it, memory ran out: choose a smaller [whisper] "
        "model or allow the container more",
        signal.SIGILL: "this torch build needs instructions that this CPU lacks",
    }
    hint = hints.get(signal.Signals(-code), "if it happens again, set [whisper] device to cpu")
    return WorkerError(
        f"{worker_of(engine)} died of {signal.Signals(-code).name} while {doing}; {hint}. "
        f"It is started again for the next file"
    )
