"""What the builder prints: plain lines, and on a terminal one that is redrawn while it waits."""

import sys
import time
from types import TracebackType


def say(message: str) -> None:
    """Print one line at once, also where the output is a pipe."""
    print(message, flush=True)


class StatusLine:
    """The current step and its elapsed time: redrawn on a terminal, printed once done elsewhere."""

    def __init__(self, *, enabled: bool | None = None) -> None:
        self._terminal = sys.stdout.isatty() if enabled is None else enabled
        self._started = time.monotonic()
        self._announced: set[str] = set()
        self.text = ""

    def __enter__(self) -> "StatusLine":
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
                say(f"  {text} ...")
        if self._terminal:
            elapsed = time.monotonic() - self._started
            line = f"  {text[:90]}  {elapsed:.0f} s"
            print(f"\r\x1b[2K{line}", end="", flush=True)

    def done(self, text: str) -> None:
        """Replace the redrawn line by a line that stays."""
        self.clear()
        say(f"  {text}")

    def clear(self) -> None:
        """Remove the redrawn line."""
        if self._terminal:
            print("\r\x1b[2K", end="", flush=True)
