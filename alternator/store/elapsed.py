"""How long ago something was, by a clock that may be set ahead in between.

Moments are written down as Unix times, which serve across restarts. Within one process the
monotonic clock is asked as well: by how much the other one was set ahead is time that did not pass,
so it is taken off. So is the time that a machine sleeps, which errs on the side of waiting
(https://man7.org/linux/man-pages/man2/clock_gettime.2.html, CLOCK_MONOTONIC).
"""

import threading
from collections.abc import Callable

# What clocks that are steered (NTP) drift apart between two looks is no step.
STEP_SECONDS = 1.0
MOST_STEPS = 1000
# What one process wrote down may lie so far ahead for another one, whose clock is a little behind:
# only what lies further ahead is of a clock that was wrong.
APART_SECONDS = 60.0


class ElapsedTime:
    """The time of day, and time that has passed, in seconds. For any thread.

    ``clock`` gives Unix time. ``monotonic`` is None where the first alone is to serve.
    """

    def __init__(
        self, clock: Callable[[], float], monotonic: Callable[[], float] | None = None
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last: tuple[float, float] | None = None  # of both clocks
        # When the clock was found set ahead, by that clock, and by how much.
        self._steps: list[tuple[float, float]] = []

    def now(self) -> float:
        """Unix time."""
        with self._lock:
            now = self._clock()
            if self._monotonic is None:
                return now
            steady = self._monotonic()
            if self._last is not None:
                ahead = (now - self._last[0]) - (steady - self._last[1])
                # Set back: what lies ahead now may come once more, without a step.
                self._steps = [step for step in self._steps if step[0] <= now][-MOST_STEPS:]
                if ahead > STEP_SECONDS:
                    self._steps.append((now, ahead))
            self._last = (now, steady)
            return now

    def since(self, then: float) -> float:
        """Seconds that have passed for sure since a moment; 0 for one that lies ahead."""
        now = self.now()
        with self._lock:
            ahead = sum(seconds for at, seconds in self._steps if at > then)
        return max(now - then - ahead, 0.0)
