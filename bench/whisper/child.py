"""One engine in a process of its own: reads a request a line, answers each with a line of JSON.

    python -P bench/whisper/child.py ENGINE

Requests are ``{"do": "load", ...}`` (Loading) and ``{"do": "transcribe", ...}`` (Hearing). Answers
have ``seconds`` of the work alone, ``peak`` bytes of the resident memory so far (of the worker
where there is one) and what was heard; or ``error``. What an engine prints goes to standard error.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.whisper.engines import ENGINES, Engine, Hearing, Loading


def peak_bytes(process: int | str = "self") -> int:
    """The most that a process had in memory so far (VmHWM)."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def serve(engine: Engine, requests: Iterable[str], answer: Callable[[str], object]) -> None:
    """Answer each request."""
    for line in requests:
        request = json.loads(line)
        started = time.perf_counter()
        texts: Sequence[str] = ()
        reply: dict[str, object] = {}
        try:
            if request.pop("do") == "load":
                engine.load(Loading(**request))
            else:
                texts = engine.transcribe(Hearing(**request))
        except Exception as error:  # noqa: BLE001  # what fails is part of the result
            reply["error"] = f"{type(error).__name__}: {error}"
        reply["seconds"] = time.perf_counter() - started
        reply["texts"] = list(texts)
        reply["peak"] = peak_bytes(getattr(engine, "worker", None) or "self")
        answer(json.dumps(reply))


def main() -> None:
    """Serve until standard input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an engine prints is no answer

    def answer(line: str) -> None:
        out.write(line + "\n")
        out.flush()

    serve(ENGINES[sys.argv[1]](), sys.stdin, answer)  # type: ignore[index]  # an argument


if __name__ == "__main__":
    main()
