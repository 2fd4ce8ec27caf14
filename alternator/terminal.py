"""Lines for a person who typed a command: on standard output, and nothing that a terminal obeys.

What is shown was written by servers and models, so it may hold anything.
"""

import sys
from datetime import UTC, datetime
from typing import TextIO

from alternator.log import CONTROLS
from alternator.progress import Progress


def say(text: str, *, file: TextIO | None = None) -> None:
    """Print a text, with what this terminal can't show, or would obey, replaced."""
    stream = sys.stdout if file is None else file
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = "\n".join(CONTROLS.sub("\ufffd", line) for line in text.split("\n"))
    print(shown.encode(encoding, "replace").decode(encoding), file=stream, flush=True)


class TerminalProgress(Progress):
    """Shows a person how far long work is, in one line that is written over; nobody else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()
        self._last = ""

    def advanced(self, done: float, total: float) -> None:
        """How much of the work is done."""
        if self._is_shown and total > 0:
            share = min(max(done / total, 0.0), 1.0)
            line = f"[{'#' * round(share * 30):<30}] {share:4.0%}"
            if line != self._last:
                self._last = line
                print(f"\r{line}", end="", file=self._stream, flush=True)

    def end(self) -> None:
        """The work is over: the line is cleared."""
        if self._last:
            self._last = ""
            print("\r\x1b[K", end="", file=self._stream, flush=True)


def moment(unix_time: float) -> str:
    """A Unix time in seconds, for people."""
    return datetime.fromtimestamp(unix_time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso(unix_time: float | None) -> str | None:
    """A Unix time in seconds as JSON has it: ISO 8601 in UTC, null for none."""
    return None if unix_time is None else datetime.fromtimestamp(unix_time, UTC).isoformat()
