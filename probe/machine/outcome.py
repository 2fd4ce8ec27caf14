"""How a tool ended. Apart from ``command``, so that a machine without any tool need not load that.

A program reads ``failure``; ``why`` is the same for a person.
"""

from typing import Literal

from probe.frozen_record import Record

# Why a tool did not end by itself: it is nowhere, or can't be executed (of another architecture),
# took longer than allowed, died of a signal, printed without end.
Failure = Literal["not-installed", "not-started", "timeout", "signal", "too-long"]


class Outcome(Record):
    """What a tool printed and its exit code, or in ``failure`` why it has none."""

    exit: int | None
    ms: int
    text: str = ""  # stdout, then stderr
    failure: Failure | None = None
    why: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit == 0 and self.failure is None


MISSING = Outcome(exit=None, ms=0, failure="not-installed", why="not installed")
