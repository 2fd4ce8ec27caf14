"""Says that nothing is edited any more, until a person has looked and says otherwise."""

import logging

from alternator.clock import Clock
from alternator.store.interface import AccountState

log = logging.getLogger(__name__)

# Often enough to be in every day's log, and too seldom to fill it.
SAY_AGAIN_SECONDS = 3600.0


class HaltNotice:
    """Whether editing of an account is halted; says so at once and every hour. For one thread."""

    def __init__(self, state: AccountState, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._said: float | None = None

    def stands(self) -> bool:
        """Whether nothing may be edited."""
        reason = self._state.halted()
        if reason is None:
            self._said = None
            return False
        now = self._clock.monotonic()
        if self._said is None or now - self._said >= SAY_AGAIN_SECONDS:
            self._said = now
            log.error(
                "nothing is described any more: %s; posts are still looked for; when you know why, "
                "start with --resume-editing",
                reason,
            )
        return True
