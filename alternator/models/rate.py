"""How fast long work is and how long it will take, in words and as a bar."""

import sys
import time
from collections import deque
from typing import TextIO

from alternator.clock import SYSTEM_CLOCK, Clock
from alternator.progress import Progress

WINDOW_SECONDS = 15.0  # the rate is that of the last few seconds
LINE_SECONDS = 15.0  # between two lines where there is no terminal
BAR_SECONDS = 0.1
MB = 1_000_000


class Rate:
    """Bytes a second over the last WINDOW_SECONDS, and the seconds that are left."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def add(self, now: float, done: float) -> None:
        """So much was done at that moment; less than before begins anew."""
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, done))
        while len(self._seen) > 2 and now - self._seen[0][0] > WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def per_second(self) -> float:
        """0 while nothing is known."""
        if len(self._seen) < 2:
            return 0.0
        (start, before), (end, now) = self._seen[0], self._seen[-1]
        return (now - before) / (end - start) if end > start else 0.0

    def words(self, done: float, total: float) -> str:
        """``45 of 145 MB, 3.2 MB/s, 0:31 left``."""
        words = f"{done / MB:.0f} of {total / MB:.0f} MB"
        rate = self.per_second
        if rate <= 0:
            return words
        left = int(max(total - done, 0) / rate)
        minutes, seconds = divmod(left, 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        return f"{words}, {rate / MB:.1f} MB/s, {clock} left"


class Told(Progress):
    """Long work for somebody who reads lines: one now and then, through another progress."""

    def __init__(self, what: str, inner: Progress) -> None:
        self._what = what
        self._inner = inner
        self._rate = Rate()
        self._said = inner.clock.monotonic()
        self.clock = inner.clock

    def beat(self) -> None:
        """Handed on."""
        self._inner.beat()

    def pause(self, seconds: float) -> None:
        """Handed on."""
        self._inner.pause(seconds)

    def line(self, text: str) -> None:
        """Handed on."""
        self._inner.line(text)

    def advanced(self, done: float, total: float) -> None:
        """Handed on, and said every LINE_SECONDS."""
        self._inner.advanced(done, total)
        now = self.clock.monotonic()
        self._rate.add(now, done)
        if now - self._said >= LINE_SECONDS:
            self._said = now
            self._inner.line(f"{self._what}: {self._rate.words(done, total)}")


class Bar(Progress):
    """Long work for a person at a terminal: a bar on one line; elsewhere a line now and then."""

    def __init__(
        self, what: str, stream: TextIO | None = None, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._what = what
        self._stream = stream if stream is not None else sys.stderr
        self._on_terminal = self._stream.isatty()
        self._rate = Rate()
        self.clock = clock
        self._shown = clock.monotonic()
        self._width = 0

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(max(seconds, 0.0))

    def line(self, text: str) -> None:
        """A line of its own, above the bar."""
        self._clear()
        print(text, file=self._stream, flush=True)

    def advanced(self, done: float, total: float) -> None:
        """Draw the bar anew; the last time in any case."""
        now = self.clock.monotonic()
        self._rate.add(now, done)
        often = BAR_SECONDS if self._on_terminal else LINE_SECONDS
        if now - self._shown < often and not (self._on_terminal and done >= total):
            return
        self._shown = now
        words = self._rate.words(done, total)
        if not self._on_terminal:
            print(f"{self._what}: {words}", file=self._stream, flush=True)
            return
        share = min(done / total, 1.0) if total else 1.0
        filled = round(share * 20)
        text = f"{self._what} {share:4.0%} [{'#' * filled}{' ' * (20 - filled)}] {words}"
        self._stream.write(f"\r{text.ljust(self._width)}")
        self._stream.flush()
        self._width = len(text)

    def close(self) -> None:
        """The work is over: what comes next stands on a line of its own."""
        self._clear()

    def _clear(self) -> None:
        if self._width:
            self._stream.write(f"\r{' ' * self._width}\r")
            self._stream.flush()
            self._width = 0
