"""Pauses that are noted down and not made."""

from collections.abc import Callable

from alternator.progress import Progress


class Pauses(Progress):
    """``made`` has the seconds of each pause; ``then`` is what goes on elsewhere meanwhile."""

    def __init__(self) -> None:
        self.made: list[float] = []
        self.then: Callable[[], object] = lambda: None

    def pause(self, seconds: float) -> None:
        self.made.append(seconds)
        self.then()
