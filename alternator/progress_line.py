"""The last line of a terminal, which says how far work is, below the log's lines.

Nothing is shown where standard error is no terminal: a log file has no last line.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 30  # of a bar, in characters
CLEAR = "\r\x1b[K"


class ProgressLine:
    """For all threads: whoever logs has the line taken away for as long as that takes."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._shown = ""

    @property
    def is_seen(self) -> bool:
        """Whether there is a terminal that shows it."""
        return sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Write the line over."""
        with self._lock:
            if text == self._shown or not self.is_seen:
                return
            self._shown = text
            self._write(f"{CLEAR}{text}")

    def bar(self, done: int, total: int, what: str) -> None:
        """``done`` of ``total`` of something, as a bar and in numbers."""
        filled = WIDTH * done // total if total else WIDTH
        self.show(f"[{'#' * filled}{'-' * (WIDTH - filled)}] {done} of {total} {what}")

    def end(self) -> None:
        """Take the line away."""
        with self._lock:
            if self._shown:
                self._shown = ""
                self._write(CLEAR)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Around lines that stay, which are written to the same terminal."""
        with self._lock:
            if self._shown:
                self._write(CLEAR)
            try:
                yield
            finally:
                if self._shown:
                    self._write(self._shown)

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


LINE = ProgressLine()  # standard error is one
