"""What is known while a stream is followed: which way comes next, after which wait, what is told.

One of them for each account, for whoever opens its connections: a thread of its own
(``follow.py``), or an event loop that has those of many accounts (``hub.py``).
"""

import logging
import random
from collections.abc import Sequence
from typing import Generic, Literal, Protocol, TypeVar

from alternator.errors import (
    AccountGoneError,
    AlternatorError,
    ServerError,
    TemporaryServerError,
    TemporaryStateError,
    UnexpectedAnswerError,
)
from alternator.log import DefectLog
from alternator.mastodon.entities import Status
from alternator.mastodon.streams.events import Event, EventReader
from alternator.stopping import Stop

log = logging.getLogger(__name__)

LONGEST_DELAY_SECONDS = 60.0
# A server that has no streaming may get it: look again now and then.
NO_STREAM_DELAY_SECONDS = 10 * 60.0
# Signs of life that come later than this after the opening are none of the opening itself.
HELD_SECONDS = 10.0

# What became of a connection, which decides what comes next.
End = Literal["refused", "useless", "worked"]


class Hearer(Protocol):
    """Who is told what the stream brings."""

    def notice(self, status: Status) -> None:
        """A new or an edited post."""

    def look_now(self) -> None:
        """A new connection is open; what came before it is not told."""

    def is_deaf(self, connection: int) -> bool:
        """Whether this connection does not tell of posts that are there."""


class Named(Protocol):
    """A way to hear events, by its name for the log."""

    @property
    def name(self) -> str: ...


W = TypeVar("W", bound=Named)


class Following(Generic[W]):
    """One account's stream, by one of ``ways``. ``reader`` is its own. For one thread at a time."""

    def __init__(self, ways: Sequence[W], reader: EventReader, stop: Stop, hearer: Hearer) -> None:
        self._ways = ways
        self._stop = stop
        self._hearer = hearer
        self._reader = reader
        self._defects = DefectLog(log)
        self._way = 0  # the one that is tried next
        self._refused = 0  # ways in a row
        self._refusal = ""  # of the last one
        self._delay = 1.0
        self._told: dict[str, str] = {}  # the troubles in the log, by what they are about
        # The number of the open connection, 0 without one. Read by other threads.
        self.connection = 0
        self._connections = 0
        self._started = 0.0
        self._worked = False

    @property
    def way(self) -> W:
        """The one to open now."""
        return self._ways[self._way]

    def begin(self) -> None:
        """A connection is about to be opened."""
        self._started = self._stop.clock.monotonic()
        self._worked = False

    def opened(self) -> None:
        """It is open."""
        log.debug("the stream is open, by %s", self.way.name)
        self._told.pop("refused", None)
        self._connections += 1
        self.connection = self._connections
        self._hearer.look_now()

    def read(self, event: Event | None) -> Status | None:
        """Take in an event, or a sign of life without one; the account's post that it brings."""
        self._stop.check()
        # The opening itself brings a greeting, in front of a dead end as well.
        held = self._stop.clock.monotonic() - self._started > HELD_SECONDS
        self._worked = self._worked or event is not None or held
        if event is None:
            return None
        try:
            return self._reader.read(event)
        except UnexpectedAnswerError as error:
            # Looking through the posts will find it, if it is one.
            self._tell("event", logging.WARNING, f"an event of the stream is left out: {error}")
            return None

    def notice(self, status: Status) -> None:
        """Hand a post on."""
        self._hearer.notice(status)
        self._told.clear()

    def is_deaf(self) -> bool:
        """Whether another way is to be tried: this one does not tell of posts that are there."""
        if not self._hearer.is_deaf(self.connection):
            return False
        log.warning("%s: no word of new posts; another way is tried", self.way.name)
        return True

    def broke(self, error: Exception) -> End:
        """It can't be opened, or broke off; what it was worth. ``Stopping`` on the way out."""
        match error:
            case TemporaryServerError():
                log.debug("%s: %s", self.way.name, error)
            case ServerError():
                log.debug("%s: %s", self.way.name, error)
                self._refusal = str(error)
                return "refused"
            case AlternatorError():
                # On the way out the store is closed under this thread, which is no fault.
                self._stop.check()
                # The store says itself what may pass, and that an account left is no fault.
                known = isinstance(error, (TemporaryStateError, AccountGoneError))
                level = logging.DEBUG if known else logging.ERROR
                self._tell("ours", level, f"the stream broke off: {error}")
                return "worked"  # no fault of the way
            case _:
                self._stop.check()
                self._defects.defect("the stream broke off", error)
                return "worked"
        return "worked" if self._worked else "useless"

    def ended(self) -> None:
        """There is no connection any more."""
        self.connection = 0
        # Only a connection that held is a reason to hurry.
        if self._stop.clock.monotonic() - self._started > LONGEST_DELAY_SECONDS:
            self._delay = 1.0

    def seconds_after(self, end: End) -> float:
        """Seconds to wait after a connection's end; chooses the way that comes next."""
        if end == "refused":
            self._refused += 1
            self._next_way()
            if self._refused < len(self._ways):
                return 0.0
            self._refused = 0
            words = f"no stream of events, so posts are looked for regularly: {self._refusal}"
            self._tell("refused", logging.INFO, words)
            return NO_STREAM_DELAY_SECONDS
        self._refused = 0
        if end == "useless":
            self._next_way()
        wait = self._delay * random.uniform(0.5, 1.0)
        self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)
        return wait

    def _next_way(self) -> None:
        self._way = (self._way + 1) % len(self._ways)

    def _tell(self, about: str, level: int, trouble: str) -> None:
        """Say what is wrong, once until it changes: each turn of the loop meets the same."""
        log.log(level if trouble != self._told.get(about) else logging.DEBUG, "%s", trouble)
        self._told[about] = trouble
