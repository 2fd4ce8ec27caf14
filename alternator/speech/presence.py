"""Whether a speech engine is there to be asked: not while its server is away, say.

One that failed is left alone, and looked after by a thread of its own until it is there again. Each
change is said in the log once.
"""

import logging
import threading
import time
from collections.abc import Callable

from alternator.errors import AlternatorError, TemporaryError

log = logging.getLogger(__name__)

FIRST_SECONDS = 15.0
LONGEST_SECONDS = 600.0


class Presence:
    """Of one engine. Any thread may call.

    ``what`` it is and ``instead`` of it, as the log calls them; ``back`` says whether it is there
    again: asked by the thread, and for one that nobody can ask always true. ``first``: it is looked
    after once in so many seconds; in twice as many each time that it is back and fails again
    without having done anything.
    """

    def __init__(
        self, what: str, instead: str, back: Callable[[], bool], *, first: float | None = None
    ) -> None:
        self._what, self._instead, self._back = what, instead, back
        self._first = self._wait = FIRST_SECONDS if first is None else first
        self._lock = threading.Lock()
        self._since: float | None = None  # monotonic, of its failure
        self._why = ""
        self._closed = False
        self._over = threading.Event()  # of the watch for its return

    @property
    def there(self) -> bool:
        """Whether to ask it."""
        return self._since is None

    @property
    def why(self) -> str:
        """Why not."""
        return self._why

    def failed(self, error: AlternatorError) -> None:
        """It is of no use for now, for that reason."""
        with self._lock:
            if self._since is not None or self._closed:
                return  # others found that out before
            self._since, self._why = time.monotonic(), str(error)
            self._over = over = threading.Event()
            asked = (error.retry_after or 0.0) if isinstance(error, TemporaryError) else 0.0
            wait = max(self._wait, min(asked, LONGEST_SECONDS))
            self._wait = min(2.0 * self._wait, max(LONGEST_SECONDS, self._first))
        log.warning("%s. %s is taken until that one is there again", error, self._instead)
        threading.Thread(
            target=self._watch, args=(wait, over), name="presence", daemon=True
        ).start()

    def answered(self) -> None:
        """It did what it was asked."""
        self._wait = self._first

    def found(self) -> None:
        """It is there, as somebody found out who asked it."""
        with self._lock:
            over = self._over
        self._end(over)

    def close(self) -> None:
        """Look no more."""
        with self._lock:
            self._closed = True
            self._over.set()

    def _watch(self, wait: float, over: threading.Event) -> None:
        while not over.wait(wait):
            if self._back():
                self._end(over)

    def _end(self, over: threading.Event) -> None:
        """It is there again, unless that was found before."""
        with self._lock:
            if self._since is None or over.is_set():
                return
            seconds = time.monotonic() - self._since
            self._since, self._why = None, ""
            over.set()
        log.info("%s is there again after %.0f s, and is taken again", self._what, seconds)
