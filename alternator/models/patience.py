"""A download that is given up after a time, whatever it waits for.

The look-up of a host's name may take half a minute where a network drops packets, and nothing can
break it off (https://man7.org/linux/man-pages/man5/resolv.conf.5.html, timeout and attempts). So
the work is done in a thread of its own, which is left behind.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from alternator.errors import ModelError
from alternator.progress import Progress

T = TypeVar("T")


class GivenUpError(ModelError):
    """The download was given up, since it takes longer than whoever asked will wait."""


class Watched(Progress):
    """Hands everything on; says when something came, and ends the work when it was given up."""

    def __init__(self, inner: Progress) -> None:
        self.clock = inner.clock
        self.came = threading.Event()
        self.over = threading.Event()
        self._inner = inner

    def beat(self) -> None:
        """Handed on."""
        self._end()
        self._inner.beat()

    def pause(self, seconds: float) -> None:
        """Sleep, unless it is over."""
        self.over.wait(max(seconds, 0.0))
        self._end()

    def line(self, text: str) -> None:
        """Handed on."""
        self._end()
        self._inner.line(text)

    def advanced(self, done: float, total: float) -> None:
        """Handed on."""
        self._end()
        self.came.set()
        self._inner.advanced(done, total)

    def _end(self) -> None:
        if self.over.is_set():
            raise GivenUpError("it was given up")


# size: the work, who hears of it, and the two times
def patiently(
    work: Callable[[Progress], T],
    progress: Progress,
    *,
    patience: float | None,
    within: float | None,
) -> T:
    """What the work gives.

    GivenUpError if nothing of it came in ``patience`` seconds, or it was not done ``within`` so
    many; None is for ever.
    """
    if patience is None and within is None:
        return work(progress)
    watched = Watched(progress)
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            results.append(work(watched))
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)
        finally:
            watched.came.set()
            done.set()

    threading.Thread(target=run, daemon=True).start()
    try:
        if patience is not None and not watched.came.wait(patience):
            raise GivenUpError(f"nothing came within {patience:g} s")
        if not done.wait(within):
            raise GivenUpError(f"it was not done within {within:g} s; what came of it is kept")
    finally:
        watched.over.set()
    if errors:
        raise errors[0]
    return results[0]
