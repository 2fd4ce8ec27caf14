"""A time that jumps over waits, for tests of a program that waits for hours."""

import threading
import time

from alternator.clock import Clock

# How long (real seconds) everybody must have waited before time jumps: what another thread sets
# off meanwhile, such as an event of the stream, is not overtaken by hours.
GRACE_SECONDS = 0.002


class JumpingClock(Clock):
    """Runs as the machine's, and jumps to the end of the next wait while nobody works.

    A thread takes part from its first wait on, or from ``take_part``. Those whose names begin with
    ``aside`` may work, or hang in a request, while time jumps: a stream does nothing else.
    """

    def __init__(self, aside: tuple[str, ...] = ("stream",)) -> None:
        self._aside = aside
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._epoch = time.time()
        self._jumped = 0.0  # seconds
        self._members: set[threading.Thread] = set()
        self._ends: dict[threading.Thread, float] = {}  # of waits, by monotonic()
        self.off = 0.0  # seconds by which the wall clock is wrong

    def take_part(self) -> None:
        """Count this thread from now on: no time jumps while it works."""
        with self._lock:
            self._members.add(threading.current_thread())

    def now(self) -> float:
        return self._epoch + self.monotonic() + self.off

    def monotonic(self) -> float:
        return time.monotonic() - self._started + self._jumped

    def wait(self, event: threading.Event, seconds: float) -> bool:
        thread = threading.current_thread()
        end = self.monotonic() + max(seconds, 0.0)
        with self._lock:
            self._ends[thread] = end
            if not thread.name.startswith(self._aside):
                self._members.add(thread)
        try:
            while not event.wait(min(GRACE_SECONDS, max(end - self.monotonic(), 0.0))):
                if self.monotonic() >= end:
                    return False
                self._jump()
            return True
        finally:
            with self._lock:
                del self._ends[thread]

    def _jump(self) -> None:
        """Go to the end of the next wait, if all wait."""
        with self._lock:
            self._members = {thread for thread in self._members if thread.is_alive()}
            if self._members <= self._ends.keys():
                next_end = min(self._ends.values())
                self._jumped += max(next_end - self.monotonic(), 0.0)
