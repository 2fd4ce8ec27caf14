"""A clock for tests of what time does."""


class Clock:
    """Stands still until it is moved; in seconds.

    To add to ``now`` lets time pass. ``set_by`` sets the clock, and no time passes.
    """

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self._set_by = 0.0

    def __call__(self) -> float:
        return self.now

    def set_by(self, seconds: float) -> None:
        self.now += seconds
        self._set_by += seconds

    def monotonic(self) -> float:
        return self.now - self._set_by
