"""What the bot's long work is told by, in all of its threads: it lives, and it may have to end."""

from collections.abc import Callable
from typing import Protocol

from alternator.progress import Progress
from alternator.stopping import Stop

SLICE_SECONDS = 1.0


class Heard(Protocol):
    """Who wants to know that a thread is alive: ``alternator.bot.health.Health``, or a pulse of
    it."""

    def beat(self) -> None: ...


class BotProgress(Progress):
    """Breaks the work off by ``Stopping`` once the end is asked for.

    ``health`` is told of each beat. Only the two threads that make texts have one, each its own:
    that one thread is alive says nothing about another.
    """

    def __init__(self, stop: Stop, health: Heard | None = None) -> None:
        self.clock = stop.clock
        self._stop = stop
        self._health = health
        self._look: Callable[[], None] | None = None
        self._looked = 0.0  # monotonic seconds

    def watched_by(self, look: Callable[[], None]) -> None:
        """Have somebody look at the work once a second, while it lives."""
        self._look = look

    def beat(self) -> None:
        """The work is alive. Raises ``Stopping`` if it is to end."""
        if self._health is not None:
            self._health.beat()
        self._stop.check()
        if self._look is not None and self.clock.monotonic() - self._looked >= SLICE_SECONDS:
            self._looked = self.clock.monotonic()
            self._look()

    def pause(self, seconds: float) -> None:
        """Sleep, in slices: alive all along, and ended by a signal in a shielded stretch too."""
        clock = self._stop.clock
        until = clock.monotonic() + seconds
        while True:
            self.beat()
            rest = until - clock.monotonic()
            if rest <= 0:
                return
            self._stop.pause(min(rest, SLICE_SECONDS))
