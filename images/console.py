"""What the builder prints: plain lines, and on a terminal one that is redrawn while it waits.

A command makes one ``Console`` and hands it to whatever works long; nothing else prints.
"""

import sys
import time
from types import TracebackType
from typing import Self, TextIO


class Console:
    """Lines for a person, on the standard output as it is at that moment or on a given stream.

    ``terminal`` is whether a line may be redrawn; None asks the stream.
    """

    def __init__(self, stream: TextIO | None = None, *, terminal: bool | None = None) -> None:
        self._stream = stream
        self._terminal = terminal

    @property
    def stream(self) -> TextIO:
        """Where the lines go."""
        return self._stream or sys.stdout

    @property
    def terminal(self) -> bool:
        """Whether a line can be redrawn there."""
        return self.stream.isatty() if self._terminal is None else self._terminal

    def say(self, message: str) -> None:
        """Print one line at once, also where the output is a pipe."""
        print(message, file=self.stream, flush=True)

    def status(self) -> "StatusLine":
        """A line for what is under way; close it with ``with``."""
        return StatusLine(self)


class StatusLine:
    """The current step and its elapsed time: redrawn on a terminal, printed once done elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._terminal = console.terminal
        self._started = time.monotonic()
        self._announced: set[str] = set()
        self.text = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def update(self, text: str) -> None:
        """Show ``text`` with the seconds since it was first shown; off a terminal, show it once."""
        if text != self.text:
            self.text, self._started = text, time.monotonic()
            if not self._terminal and text not in self._announced:
                self._announced.add(text)
                self._console.say(f"  {text} ...")
        if self._terminal:
            elapsed = time.monotonic() - self._started
            self._redraw(f"  {text[:90]}  {elapsed:.0f} s")

    def done(self, text: str) -> None:
        """Replace the redrawn line by a line that stays."""
        self.clear()
        self._console.say(f"  {text}")

    def clear(self) -> None:
        """Remove the redrawn line."""
        if self._terminal:
            self._redraw("")

    def _redraw(self, line: str) -> None:
        print(f"\r\x1b[2K{line}", end="", file=self._console.stream, flush=True)
