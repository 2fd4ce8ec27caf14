"""Files on their way into the decoder: prepared in helper threads, a few ahead.

How long a file is shows when it is opened, or while it is decoded. A long one is put aside then and
begins anew in threads that are there for long ones: what is short never waits for it.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from alternator.media.audio import GoOn
from alternator.speech.batched.preparing import Prepared
from alternator.speech.engines.engine import CancelledRequestError, Request
from alternator.speech.long_sound import LongSoundError, check_short

# Short files that are being prepared, or wait for it: more are not taken.
PREPARED_AHEAD = 4
HELPERS = 2  # threads for short files, and as many for long ones

Prepare = Callable[[Request, GoOn], Prepared]


@dataclass(frozen=True, kw_only=True, eq=False)
class Helpers:
    """The threads: for short files, for long ones, and for what is urgent, which is always short.

    ``initializer`` is called in each when it begins.
    """

    short: ThreadPoolExecutor
    long: ThreadPoolExecutor
    urgent: ThreadPoolExecutor

    @classmethod
    def start(cls, initializer: Callable[[], object]) -> "Helpers":
        """They begin when they are needed."""

        def pool(count: int, name: str) -> ThreadPoolExecutor:
            return ThreadPoolExecutor(count, thread_name_prefix=name, initializer=initializer)

        return cls(
            short=pool(HELPERS, "prepare"),
            long=pool(HELPERS, "prepare long"),
            urgent=pool(1, "prepare at once"),
        )

    def stop(self) -> None:
        """What is under way ends by itself; nothing waits for it."""
        for pool in (self.short, self.long, self.urgent):
            pool.shutdown(wait=False, cancel_futures=True)


class Preparations:
    """The requests of one batch that are being prepared. For one thread.

    ``unwanted`` is asked by the helper threads: whether nobody waits for that request any more.
    """

    def __init__(self, helpers: Helpers, prepare: Prepare, unwanted: Callable[[str], bool]) -> None:
        self._helpers = helpers
        self._prepare = prepare
        self._unwanted = unwanted
        self._short: dict[Future[Prepared], Request] = {}
        self._long: dict[Future[Prepared], Request] = {}
        self._aside: deque[Request] = deque()  # long ones that have not begun anew

    def __bool__(self) -> bool:
        return bool(self._short or self._long)

    def has_room(self) -> bool:
        """Whether one more may be added; what is urgent always may."""
        return len(self._short) < PREPARED_AHEAD

    def add(self, request: Request) -> None:
        """Begin with it."""
        pool = self._helpers.urgent if request.urgent else self._helpers.short

        def go_on(seconds: float) -> None:
            self._check_wanted(request)
            check_short(seconds)

        self._short[pool.submit(self._prepare, request, go_on)] = request

    def begin_long(self) -> None:
        """With the next of the long ones, if a thread for them is free."""
        if not self._aside or len(self._long) == HELPERS:
            return
        request = self._aside.popleft()

        def go_on(_: float) -> None:
            self._check_wanted(request)

        self._long[self._helpers.long.submit(self._prepare, request, go_on)] = request

    def done(self) -> Iterator[tuple[str, Future[Prepared]]]:
        """Those that have ended: the ids of their requests, and what came of them.

        One that turned out to be long comes with LongSoundError, and is here until it has ended
        once more.
        """
        for running in (self._short, self._long):
            for future in [future for future in running if future.done()]:
                request = running.pop(future)
                if isinstance(future.exception(), LongSoundError):
                    self._aside.append(request)
                yield request.id, future

    def wait(self, seconds: float) -> None:
        """Until one has ended, so long at most."""
        wait([*self._short, *self._long], seconds, return_when="FIRST_COMPLETED")

    def _check_wanted(self, request: Request) -> None:
        if self._unwanted(request.id):
            raise CancelledRequestError("the transcription was cancelled")
