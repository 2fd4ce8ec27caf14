"""A clock for tests of what time does."""


class Clock:
    """Stands still until it is moved; in seconds."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now
