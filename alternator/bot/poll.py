"""Looks through the account's posts when it is time to, with a stream or without one."""

import logging
import threading
from typing import Protocol

from alternator.accounts.health import AccountHealth
from alternator.bot.find_posts import Look
from alternator.bot.outage import LONGEST_BACK_OFF_SECONDS, back_off
from alternator.errors import AlternatorError, ServerError, TemporaryStateError
from alternator.log import DefectLog
from alternator.stopping import Stop

log = logging.getLogger(__name__)

# Until the next look where what is remembered can't be read or written now.
STATE_PAUSE_SECONDS = 5.0


class Finder(Protocol):
    """Who looks: ``alternator.bot.find_posts.PostFinder``, through the watcher."""

    def look(self) -> Look: ...


class PollEvents(Protocol):
    """Who is told what a look meets: ``alternator.bot.watch.Watcher``."""

    def found(self) -> None:
        """There is something new to describe."""

    def recovered(self) -> None:
        """The server answers, after it did not."""

    def interval(self) -> float:
        """How many seconds to wait until the next look."""


class Poll:
    """Looks through the posts whenever that is due; in the thread that asks, but for ``look_now``.

    The first look is due at once.
    """

    def __init__(
        self, finder: Finder, health: AccountHealth, stop: Stop, events: PollEvents
    ) -> None:
        self._finder = finder
        self._health = health
        self._stop_request = stop
        self._events = events
        self._failures = 0  # in a row
        self._defects = DefectLog(log)
        self._told = ""  # the last trouble in the log that the operator can mend
        self._asked_for = threading.Event()
        self._next = 0.0  # monotonic seconds

    def look_now(self) -> None:
        """Have the next look at once, since events may have been missed. For any thread."""
        self._asked_for.set()

    def look_if_due(self) -> None:
        """Look, if it is time to. An outage never ends the looking; ``Stopping`` does."""
        clock = self._stop_request.clock
        if not self._asked_for.is_set() and clock.monotonic() < self._next:
            return
        # Before the look, not after it: who asks during one is answered by another.
        self._asked_for.clear()
        wait = self._look()
        self._next = clock.monotonic() + wait

    def _look(self) -> float:
        """One look; returns the seconds until the next one."""
        try:
            look = self._finder.look()
            if look.found:
                self._events.found()
            if look.trouble is not None:
                raise look.trouble
            self._health.recovered()
            if self._told:
                self._told = ""
                log.info("the posts can be looked through again")
            if self._failures:
                self._events.recovered()
            self._failures = 0
            return self._events.interval()
        except ServerError as error:
            self._health.failed(error)
            self._failures += 1
            return back_off(self._failures, error)
        except TemporaryStateError:  # logged by the store, once
            self._stop_request.check()
            return STATE_PAUSE_SECONDS
        except AlternatorError as error:
            # On the way out the store is closed under this thread, which is no fault.
            self._stop_request.check()
            # Said again only when it changes: a full disk stays full for many looks.
            known = str(error) == self._told
            self._told = str(error)
            log.log(
                logging.DEBUG if known else logging.ERROR,
                "looking through the posts failed: %s",
                error,
            )
            return LONGEST_BACK_OFF_SECONDS
        except Exception as error:  # noqa: BLE001 - logged: a page must not end the looking
            self._stop_request.check()
            self._defects.defect("looking through the posts failed", error)
            return LONGEST_BACK_OFF_SECONDS
