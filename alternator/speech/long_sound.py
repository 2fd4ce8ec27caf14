"""Which files are long: they are worked on apart, so that a short one does not wait for them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from alternator.media.audio import GoOn

# Ten minutes are decoded and searched for speech in seconds.
LONG_SECONDS = 600.0

T = TypeVar("T")


class LongSoundError(Exception):
    """A file has more than LONG_SECONDS of sound, and whoever works on it is there for others."""


def check_short(seconds: float) -> None:
    """LongSoundError for a long file."""
    if seconds > LONG_SECONDS:
        raise LongSoundError


class ShortAndLong:
    """A thread for short files, and one where long ones begin anew."""

    def __init__(self, name: str) -> None:
        self._short = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._long = ThreadPoolExecutor(1, thread_name_prefix=f"{name} long")

    def submit(self, work: "Callable[[GoOn], T]") -> "Future[T]":
        """``work`` on a file, as soon as the thread for such files is free."""
        result: Future[T] = Future()

        def finish(first: "Future[T]") -> None:
            if isinstance(first.exception(), LongSoundError):
                self._long.submit(work, lambda _: None).add_done_callback(tell)
            else:
                tell(first)

        def tell(done: "Future[T]") -> None:
            if (error := done.exception()) is not None:
                result.set_exception(error)
            else:
                result.set_result(done.result())

        self._short.submit(work, check_short).add_done_callback(finish)
        return result
