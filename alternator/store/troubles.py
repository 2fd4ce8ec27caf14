"""What is wrong with what the accounts of a cluster share, for who tells their operator."""

from collections.abc import Sequence
from typing import Protocol

GPU = "gpu:"  # and the process that has lost it
TOKENS = "tokens:"  # and the day's limit


class Troubles(Protocol):
    """What holds now: each is said for a time, and is over when nobody says it again."""

    def say(self, kind: str, text: str, seconds: float) -> None:
        """Something is wrong from now on, for so many seconds."""

    def told(self, kind: str) -> Sequence[str]:
        """What is said of this kind, or of all that begin so where it ends in ``:``."""

    def recent(self, kind: str) -> Sequence[str]:
        """The same as of some seconds ago at most, for many who ask."""
