"""Follows the account's stream of events, for as long as the bot runs.

A connection's life is bounded by its way (``sse.py``, ``websocket.py``). One loop over
them is here:

1. a way that the server refuses, that breaks off without a sign of life, or that keeps silent
   about posts which are there, makes room for the next one;
2. one that worked is opened again, after a wait that grows from 1 s to a minute while it does not
   hold, with chance in it, so that not all of a server's clients come back in the same second;
3. when all are refused, they are tried again ten minutes later, for ever: servers change.

Each new connection is told to ``connected``, since events sent in between are lost: whoever looks
through the posts then has all that the connection does not bring.
"""

import logging
import random
from collections.abc import Sequence
from contextlib import closing
from typing import Literal, Protocol

from alternator.errors import (
    AlternatorError,
    ServerError,
    TemporaryServerError,
    TemporaryStateError,
    UnexpectedAnswerError,
)
from alternator.log import DefectLog, Thread
from alternator.mastodon.entities import Status
from alternator.mastodon.streams.events import Event, EventReader, EventSource
from alternator.stopping import Stop, Stopping

log = logging.getLogger(__name__)

LONGEST_DELAY_SECONDS = 60.0
# A server that has no streaming may get it: look again now and then.
NO_STREAM_DELAY_SECONDS = 10 * 60.0
# Signs of life that come later than this after the opening are none of the opening itself.
HELD_SECONDS = 10.0

# What became of a connection, which decides what comes next.
End = Literal["refused", "useless", "worked"]


class Hearer(Protocol):
    """Who is told what the stream brings, in the stream's thread."""

    def notice(self, status: Status) -> None:
        """A new or an edited post."""

    def look_now(self) -> None:
        """A new connection is open; what came before it is not told."""

    def is_deaf(self, connection: int) -> bool:
        """Whether this connection does not tell of posts that are there."""


class Stream(Thread):
    """A thread that keeps a stream open, by one of ``ways``. ``reader`` is its own."""

    def __init__(
        self, ways: Sequence[EventSource], reader: EventReader, stop: Stop, hearer: Hearer
    ) -> None:
        super().__init__(name="stream")
        self._ways = ways
        self._stop_request = stop
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

    def run(self) -> None:
        """Connect, listen, and connect again, until the end is asked for."""
        try:
            while True:
                self._stop_request.check()
                self._stop_request.pause(self._after(self._listen()))
        except Stopping:
            return

    def _after(self, end: End) -> float:
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

    def _listen(self) -> End:
        """One connection, until it breaks; what it was worth."""
        way = self._ways[self._way]
        clock = self._stop_request.clock
        started = clock.monotonic()
        worked = False
        try:
            with closing(way.events()) as events:
                next(events)
                self._opened(way)
                for event in events:
                    self._stop_request.check()
                    # The opening itself brings a greeting, in front of a dead end as well.
                    held = clock.monotonic() - started > HELD_SECONDS
                    worked = worked or event is not None or held
                    self._hear(event)
                    if self._hearer.is_deaf(self.connection):
                        log.warning("%s: no word of new posts; another way is tried", way.name)
                        return "useless"
        except TemporaryServerError as error:
            log.debug("%s: %s", way.name, error)
        except ServerError as error:
            log.debug("%s: %s", way.name, error)
            self._refusal = str(error)
            return "refused"
        except AlternatorError as error:
            # On the way out the store is closed under this thread, which is no fault.
            self._stop_request.check()
            # The store says itself what may pass.
            level = logging.DEBUG if isinstance(error, TemporaryStateError) else logging.ERROR
            self._tell("ours", level, f"the stream broke off: {error}")
            worked = True  # no fault of the way
        except Exception as error:  # noqa: BLE001 - logged: an event must not end this
            self._stop_request.check()
            self._defects.defect("the stream broke off", error)
            worked = True
        finally:
            self.connection = 0
        # Only a connection that held is a reason to hurry.
        if clock.monotonic() - started > LONGEST_DELAY_SECONDS:
            self._delay = 1.0
        return "worked" if worked else "useless"

    def _opened(self, way: EventSource) -> None:
        log.debug("the stream is open, by %s", way.name)
        self._told.pop("refused", None)
        self._connections += 1
        self.connection = self._connections
        self._hearer.look_now()

    def _hear(self, event: Event | None) -> None:
        """Take in an event; a sign of life without one needs nothing."""
        if event is None:
            return
        try:
            status = self._reader.read(event)
        except UnexpectedAnswerError as error:
            # Looking through the posts will find it, if it is one.
            self._tell("event", logging.WARNING, f"an event of the stream is left out: {error}")
            return
        if status is not None:
            self._hearer.notice(status)
            self._told.clear()

    def _tell(self, about: str, level: int, trouble: str) -> None:
        """Say what is wrong, once until it changes: each turn of the loop meets the same."""
        log.log(level if trouble != self._told.get(about) else logging.DEBUG, "%s", trouble)
        self._told[about] = trouble
