"""Ending in time: SIGTERM and SIGINT break off what is at work, but never an edit half-way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopping(BaseException):
    """The program was asked to end.

    Not an ``Exception``, so that no handler of an attachment's failure takes it for one.
    """


class Stop:
    """The wish to end. Waits end at once; the main thread's work is broken off by the signal."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._shields = 0

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
        """A stretch that a signal must not break off; it is heeded at its end."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        self.check()

    def on_signals(self) -> None:
        """Let SIGTERM and SIGINT ask for the end. Only the main thread may call this."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again = self._event.is_set()
        self._event.set()
        # A second signal must not raise inside the clean-up that the first one set off.
        if self._shields == 0 and not again:
            raise Stopping
