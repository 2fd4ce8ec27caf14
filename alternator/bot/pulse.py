"""How long a piece of work has not been heard of."""

from collections.abc import Callable


class Pulse:
    """Of work that is done now and then, in a thread of its own; others only read.

    Each thing told is one assignment, so there is no lock. ``clock`` gives seconds that nobody
    sets back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._beaten: float | None = None  # None while there is no work

    def beat(self) -> None:
        """The work is alive, or begins."""
        self._beaten = self._clock()

    def end(self) -> None:
        """There is no work any more."""
        self._beaten = None

    @property
    def silence(self) -> float:
        """Seconds since the last beat; 0 while there is no work."""
        beaten = self._beaten
        return 0.0 if beaten is None else max(self._clock() - beaten, 0.0)
