"""Ending in time: SIGTERM and SIGINT break off what is at work, but an edit has time to end.

How signals reach the threads:

- Python runs the handler of a signal in the main thread, between any two of its instructions
  (https://docs.python.org/3.11/library/signal.html#signals-and-threads). So an exception from the
  handler breaks off whatever the main thread does, a wait for an answer as well. All that comes
  after it is the way out.
- The handler takes no lock, and an event is one: the main thread may hold it in just that moment,
  in a ``wait`` of its own, and would wait for itself for ever (same address, the warning). So the
  handler leaves a plain mark.
- The other threads look at the mark between two requests, and within a second in their pauses
  (``alternator/bot/progress.py``). Whoever catches ``Stopping`` on the way out calls ``request``,
  which ends their waits at once. They are daemons: one that hangs in a request ends with the
  process.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from alternator.clock import SYSTEM_CLOCK, Clock

# A server that hangs in the middle of an edit must not use up the 10 s after which container
# engines kill (https://docs.docker.com/reference/cli/docker/container/stop/). Broken off, the post
# is looked at again at the next start, so nothing is lost.
SHIELD_SECONDS = 6.0


class Stopping(BaseException):
    """The program was asked to end.

    Not an ``Exception``, so that no handler of an attachment's failure takes it for one.
    """


class Stop:
    """The wish to end. Waits end at once; the main thread's work is broken off by the signal.

    ``clock`` is the time that all waits of this program are waited in. Where several accounts work,
    each has a wish of its own (``child``): to end one ends no other, to end the program ends all.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK, parent: "Stop | None" = None) -> None:
        self.clock = clock
        self._parent = parent
        self._children: list[Stop] = []
        self._event = threading.Event()
        self._signalled = False  # written by the handler only, read by all threads
        self._shielded = False  # of the main thread only

    @property
    def requested(self) -> bool:
        """Whether the end was asked for."""
        asked = self._signalled or self._event.is_set()
        return asked or (self._parent is not None and self._parent.requested)

    def request(self) -> None:
        """Ask for the end. Waits raise ``Stopping`` from now on. Not for a signal's handler."""
        self._event.set()
        for child in tuple(self._children):
            child.request()
        if self._parent is not None:
            with suppress(ValueError):  # it was asked before
                self._parent._children.remove(self)

    def child(self) -> "Stop":
        """The wish to end one of several pieces of work, each in a thread of its own.

        No signal breaks that thread off: it looks, as all but the main one do.
        """
        child = Stop(self.clock, self)
        self._children.append(child)
        if self.requested:
            child.request()
        return child

    def check(self) -> None:
        """Raise ``Stopping`` if the end was asked for."""
        if self.requested:
            raise Stopping

    def pause(self, seconds: float) -> None:
        """Sleep; raises ``Stopping`` as soon as the end is asked for.

        In a shielded stretch a signal is noticed only after it: pause in slices there.
        """
        self.check()
        if self.wait(self._event, seconds):
            raise Stopping

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait for an event, so many seconds at most; whether it is set. For the main thread, whose
        waits a signal may break off: ``Stopping``, wherever in the wait it struck."""
        try:
            return self.clock.wait(event, seconds)
        except RuntimeError:
            # It struck while the wait let go of its own lock, which that then finds open.
            self.check()
            raise

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """A stretch that a signal breaks off only once it has had some seconds more.

        What it holds may still ask (``check``) and end by itself: between two requests nothing is
        half done.
        """
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False
        self.check()

    def on_signals(self) -> None:
        """Let SIGTERM and SIGINT ask for the end. Only the main thread may call this."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked)
        signal.signal(signal.SIGALRM, self._overdue)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        again = self.requested
        self._signalled = True
        # A second signal must not raise inside the clean-up that the first one set off.
        if again:
            return
        if not self._shielded:
            raise Stopping
        signal.setitimer(signal.ITIMER_REAL, SHIELD_SECONDS)

    def _overdue(self, number: int, frame: FrameType | None) -> None:
        if self._shielded:
            raise Stopping
