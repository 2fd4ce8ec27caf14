"""How many accounts a cluster has."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many accounts are enrolled, and how they are.

    ``watched`` are those that a process holds; ``unwatched`` those that are not paused, and that
    none holds which was heard of lately.
    """

    members: int
    configured: int
    paused: int
    watched: int
    unwatched: int

    @property
    def all(self) -> int:
        """All of them."""
        return self.members + self.configured
