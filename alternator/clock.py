"""The time, and waiting in it: one object, so that a test can hand in a time of its own."""

import threading
import time


class Clock:
    """This machine's time."""

    def now(self) -> float:
        """Unix time in seconds, which is UTC wherever the machine stands."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment, for durations: nobody sets this one back."""
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, so many seconds at most; whether it is set."""
        return event.wait(max(seconds, 0.0))


SYSTEM_CLOCK = Clock()
