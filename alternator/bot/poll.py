"""Looks through the account's posts again and again, with a stream or without one."""

import logging
import threading
from collections.abc import Callable

from alternator.bot.find_posts import PostFinder
from alternator.bot.outage import LONGEST_BACK_OFF_SECONDS, Outage, back_off
from alternator.errors import ServerError
from alternator.stopping import Stop, Stopping

log = logging.getLogger(__name__)


class Poll(threading.Thread):
    """A thread that looks through the posts, waits, and looks again.

    ``found`` is told when there is something new, ``recovered`` when the server answers after it
    did not; ``interval`` is asked for the seconds to wait.
    """

    def __init__(
        self,
        finder: PostFinder,
        outage: Outage,
        stop: Stop,
        *,
        found: Callable[[], None],
        recovered: Callable[[], None],
        interval: Callable[[], float],
    ) -> None:
        super().__init__(name="poll", daemon=True)
        self._finder = finder
        self._outage = outage
        self._stop_request = stop
        self._found = found
        self._recovered = recovered
        self._interval = interval
        self._look_now = threading.Event()

    def look_now(self) -> None:
        """Look at once: events may have been missed."""
        self._look_now.set()

    def run(self) -> None:
        """Look until the end is asked for. An outage never ends it."""
        failures = 0
        try:
            while True:
                self._stop_request.check()
                self._look_now.clear()
                try:
                    if self._finder.look():
                        self._found()
                    self._outage.over()
                    if failures:
                        self._recovered()
                    failures = 0
                    wait = self._interval()
                except ServerError as error:
                    self._outage.met(error)
                    failures += 1
                    wait = back_off(failures, error)
                except Exception as error:
                    self._stop_request.check()
                    # A page that can't be read must not end the looking.
                    log.error("looking through the posts failed: %s", error)
                    log.debug("unexpected error", exc_info=True)
                    wait = LONGEST_BACK_OFF_SECONDS
                self._look_now.wait(wait)
        except Stopping:
            return
