"""Ending in time: SIGTERM and SIGINT break off what is at work, but an edit has time to end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# A server that hangs in the middle of an edit must not use up the 10 s after which container
# engines kill. Broken off, the post is looked at again at the next start, so nothing is lost.
SHIELD_SECONDS = 6.0


class Stopping(BaseException):
    """The program was asked to end.

    Not an ``Exception``, so that no handler of an attachment's failure takes it for one.
    """


class Stop:
    """The wish to end. Waits end at once; the main thread's work is broken off by the signal."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._shielded = False

    @property
    def requested(self) -> bool:
        """Whether the end was asked for."""
        return self._event.is_set()

    def request(self) -> None:
        """Ask for the end. Waits raise ``Stopping`` from now on."""
        self._event.set()

    def check(self) -> None:
        """Raise ``Stopping`` if the end was asked for."""
        if self._event.is_set():
            raise Stopping

    def pause(self, seconds: float) -> None:
        """Sleep; raises ``Stopping`` as soon as the end is asked for."""
        if self._event.wait(max(seconds, 0.0)):
            raise Stopping

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """A stretch that a signal breaks off only once it has had some seconds more."""
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
        again = self._event.is_set()
        self._event.set()
        # A second signal must not raise inside the clean-up that the first one set off.
        if again:
            return
        if not self._shielded:
            raise Stopping
        signal.setitimer(signal.ITIMER_REAL, SHIELD_SECONDS)

    def _overdue(self, number: int, frame: FrameType | None) -> None:
        if self._shielded:
            raise Stopping
