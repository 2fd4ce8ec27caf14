"""The database's time, by which the processes of a cluster tell each other when they were seen."""

import logging
import threading
import time
from collections.abc import Callable

from alternator.errors import StateError

log = logging.getLogger(__name__)

FRESH_SECONDS = 60.0


class SharedClock:
    """Asks once in a while, and reckons on by ``monotonic``; where it can't ask, from what it last
    was told, and from this machine's clock before that. Any thread may ask."""

    def __init__(
        self,
        ask: Callable[[], float],
        own: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._own = own
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._told: tuple[float, float] | None = None  # by the database, and when

    def now(self) -> float:
        """Unix time in seconds."""
        with self._lock:
            passed = self._monotonic()
            if self._told is None or passed - self._told[1] > FRESH_SECONDS:
                try:
                    self._told = self._ask(), passed
                except StateError as error:
                    log.debug("the database's time can't be asked: %s", error)
            if self._told is None:
                return self._own()
            return self._told[0] + passed - self._told[1]
