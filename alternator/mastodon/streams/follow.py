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

from collections.abc import Sequence
from contextlib import closing

from alternator.log import Thread
from alternator.mastodon.streams.events import EventReader, EventSource
from alternator.mastodon.streams.following import End, Following, Hearer
from alternator.stopping import Stop, Stopping


class Stream(Thread):
    """A thread that keeps a stream open, by one of ``ways``. ``reader`` is its own.

    ``hearer`` is told in this thread.
    """

    def __init__(
        self, ways: Sequence[EventSource], reader: EventReader, stop: Stop, hearer: Hearer
    ) -> None:
        super().__init__(name="stream")
        self._stop_request = stop
        self._following = Following(ways, reader, stop, hearer)

    @property
    def connection(self) -> int:
        """The number of the open connection, 0 without one. For other threads."""
        return self._following.connection

    def run(self) -> None:
        """Connect, listen, and connect again, until the end is asked for."""
        try:
            while True:
                self._stop_request.check()
                self._stop_request.pause(self._following.seconds_after(self._listen()))
        except Stopping:
            return

    def _listen(self) -> End:
        """One connection, until it breaks; what it was worth."""
        following = self._following
        following.begin()
        try:
            with closing(following.way.events()) as events:
                next(events)
                following.opened()
                for event in events:
                    status = following.read(event)
                    if status is not None:
                        following.notice(status)
                    if following.is_deaf():
                        return "useless"
            return "useless"
        except Exception as error:  # noqa: BLE001 - told there: an event must not end this
            return following.broke(error)
        finally:
            following.ended()
