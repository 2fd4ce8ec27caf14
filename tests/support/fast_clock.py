"""A time that runs faster, for tests of a program that waits."""

import threading
import time

from alternator.clock import Clock


class FastClock(Clock):
    """Starts now and runs ``speed`` times as fast as the machine's."""

    def __init__(self, speed: float = 50.0) -> None:
        self._speed = speed
        self._started = time.monotonic()
        self._now = time.time()
        self._skipped = 0.0

    def now(self) -> float:
        return self._now + self.monotonic()

    def monotonic(self) -> float:
        return (time.monotonic() - self._started) * self._speed + self._skipped

    def skip(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._skipped += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(seconds, 0.0) / self._speed)
