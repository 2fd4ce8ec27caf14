"""Pauses that are noted down and not made."""

from alternator.progress import Progress


class Pauses(Progress):
    """``made`` has the seconds of each pause."""

    def __init__(self) -> None:
        self.made: list[float] = []

    def pause(self, seconds: float) -> None:
        self.made.append(seconds)
