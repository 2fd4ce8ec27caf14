"""Asks a process of its own in which language a text is; starts it when it is needed.

None of this is needed to describe a picture: whatever goes wrong, the language is just not known.
"""

import atexit
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from alternator.media.confined.variables import environment

log = logging.getLogger(__name__)

# -P: a file numpy.py in the working directory is not the library.
COMMAND = (sys.executable, "-P", "-m", "alternator.alt_text.language.child")
# The first answer waits for a model of 5 MB, packed, to be read: 0.6 s in November 2026.
PATIENCE_SECONDS = 30.0
NOT_INSTALLED = 127  # what the process then ends with
MOST_CHARACTERS = 1000  # of a text: more of it tells no more


@dataclass(frozen=True, kw_only=True)
class Guess:
    """``language`` is an ISO 639 code, ``probability`` from 0 to 1."""

    language: str
    probability: float


class Detector:
    """One process for all threads, one question at a time."""

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._useless = False

    def guess(self, text: str) -> Guess | None:
        """The language of a text; None where nothing can tell it."""
        # Surrogates are no text: https://docs.python.org/3.11/library/codecs.html#error-handlers
        text = text[:MOST_CHARACTERS].encode("utf-8", "replace").decode()
        with self._lock:
            for _ in range(2):  # it may have ended meanwhile, as it does when nobody asks
                if self._useless:
                    return None
                answer = self._asked(text)
                if answer is not None:
                    return answer
            self._give_up("its process fails")
        return None

    def close(self) -> None:
        """End the process; another question would start it again."""
        with self._lock:
            self._end()

    def _asked(self, text: str) -> Guess | None:
        try:
            process = self._running()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(text).encode() + b"\n")
            process.stdin.flush()
            line = _line_of(process.stdout.fileno(), PATIENCE_SECONDS)
            language, probability = json.loads(line)
            return Guess(language=str(language), probability=float(probability))
        except (OSError, ValueError, TypeError):
            if self._end() == NOT_INSTALLED:
                self._give_up("py3langid is not installed")
            return None
        except BaseException:
            # A signal struck in between: what comes next must not get this one's answer.
            self._end()
            raise

    def _give_up(self, reason: str) -> None:
        if not self._useless:
            log.warning("the language of posts and answers can't be told by itself: %s", reason)
        self._useless = True

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                process_group=0,  # Ctrl-C is for the bot, whose end is the end of its input
            )
        return self._process

    def _end(self) -> int:
        """What the process ended with, 0 where there was none."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        try:
            return process.wait(1.0)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


@cache
def shared() -> Detector:
    """The one of this process: whoever asks, the model is in memory once."""
    detector = Detector()
    atexit.register(detector.close)
    return detector


def _line_of(descriptor: int, seconds: float) -> bytes:
    """A line from a pipe. ValueError if it ends before, or takes longer."""
    deadline = time.monotonic() + seconds
    line = b""
    while not line.endswith(b"\n"):
        left = max(deadline - time.monotonic(), 0.0)
        if not select.select([descriptor], [], [], left)[0]:
            raise ValueError("no answer in time")
        piece = os.read(descriptor, 4096)
        if not piece:
            raise ValueError("the process has ended")
        line += piece
    return line
