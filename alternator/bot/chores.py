"""What the main thread does beside describing posts, now and then: asks authors, tells of trouble.

None of it may hold up or end the describing: each chore is a few requests, and one that fails
waits longer each time.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alternator.bot.outage import back_off
from alternator.clock import Clock
from alternator.errors import AlternatorError, TemporaryServerError, TemporaryStateError
from alternator.log import DefectLog

log = logging.getLogger(__name__)

REFUSED_SECONDS = 600.0


class Chore(Protocol):
    """One thing that is done now and then."""

    @property
    def is_due(self) -> bool:
        """Whether it should be done at once."""

    def step(self, *, everything: bool = False) -> None:
        """Do a little of it, or everything there is. AlternatorError if it can't be done now."""


@dataclass(kw_only=True)
class Turn:
    """An chore, and how often it is done; times are monotonic seconds."""

    chore: Chore
    seconds: float
    next: float = 0.0
    failures: int = 0
    told: str = ""


class Chores:
    """All chores of an account. For the main thread."""

    def __init__(self, turns: Sequence[Turn], clock: Clock) -> None:
        self._turns = turns
        self._clock = clock
        self._defects = DefectLog(log)

    def do_due(self) -> None:
        """Do what it is time for."""
        for turn in self._turns:
            now = self._clock.monotonic()
            if now >= turn.next or (turn.chore.is_due and not turn.failures):
                turn.next = now + turn.seconds
                self._do(turn, everything=False)

    def do_all(self) -> None:
        """Do all there is to do, for a single pass."""
        for turn in self._turns:
            self._do(turn, everything=True)

    def _do(self, turn: Turn, *, everything: bool) -> None:
        try:
            turn.chore.step(everything=everything)
            turn.failures, turn.told = 0, ""
        except TemporaryStateError:  # logged by the store, once
            pass
        except AlternatorError as error:
            turn.failures += 1
            wait = REFUSED_SECONDS
            if isinstance(error, TemporaryServerError):
                wait = back_off(turn.failures, error)
            turn.next = self._clock.monotonic() + max(wait, turn.seconds)
            known = str(error) == turn.told or isinstance(error, TemporaryServerError)
            turn.told = str(error)
            level = logging.DEBUG if known else logging.WARNING
            log.log(level, "an author could not be asked or told: %s", error)
        except Exception as error:  # noqa: BLE001 - logged: it must not end the describing
            turn.next = self._clock.monotonic() + REFUSED_SECONDS
            self._defects.defect("a message could not be sent or read", error)


def nothing_to_do(clock: Clock) -> Chores:
    """No chores."""
    return Chores((), clock)
