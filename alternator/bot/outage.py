"""While the server does not answer: say so once, wait, and be seen to be alive."""

import logging
import random
import time

from alternator.bot.health import Health
from alternator.errors import ServerError, TemporaryServerError
from alternator.stopping import Stop

log = logging.getLogger(__name__)

LONGEST_BACK_OFF_SECONDS = 60.0
# Edits have a budget for three hours; some proxies name a reset that lies years ahead.
LONGEST_RATE_LIMIT_SECONDS = 3600.0


class Outage:
    """What is known about the server's answering. Any thread may tell."""

    def __init__(self, health: Health, stop: Stop) -> None:
        self._health = health
        self._stop = stop

    def met(self, error: ServerError) -> None:
        """A request failed. Logged once, not at every try."""
        if isinstance(error, TemporaryServerError) and error.retry_after is not None:
            # A server that asks to wait is there, and each time is news.
            log.warning("%s", error)
            return
        temporary = isinstance(error, TemporaryServerError)
        before = self._health.server
        self._health.server = "unreachable" if temporary else "refusing"
        if self._health.server != before:
            log.error("%s", error)

    def over(self) -> None:
        """A request was answered."""
        if self._health.server in ("unreachable", "refusing"):
            log.info("the server answers again")
        self._health.server = "reachable"

    def wait(self, failures: int, error: ServerError) -> None:
        """Sleep before the next try, after so many failures in a row. For the main thread."""
        until = time.monotonic() + back_off(failures, error)
        while (rest := until - time.monotonic()) > 0:
            self._health.beat()
            self._stop.pause(min(rest, 1.0))


def back_off(failures: int, error: ServerError) -> float:
    """Seconds to wait after so many failures in a row: 1 to 60, or what the server asked for."""
    if not isinstance(error, TemporaryServerError):
        return LONGEST_BACK_OFF_SECONDS
    if error.retry_after is not None:
        return min(error.retry_after, LONGEST_RATE_LIMIT_SECONDS)
    return min(2.0 ** min(failures - 1, 6), LONGEST_BACK_OFF_SECONDS) * random.uniform(0.5, 1.0)
