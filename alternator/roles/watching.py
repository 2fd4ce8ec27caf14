"""Gives each watched account its turn, in a few threads for all."""

import heapq
import itertools
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from alternator.clock import Clock
from alternator.log import Thread
from alternator.roles.account_watch import AccountWatch
from alternator.stopping import Stopping

log = logging.getLogger(__name__)

END_SECONDS = 5.0


class Turns:
    """A queue of accounts by when their next turn is. All methods are for any thread.

    ``pool`` does the turns; one account has one at a time.
    """

    def __init__(self, pool: ThreadPoolExecutor, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._changed = threading.Condition()  # guards what follows
        self._due: list[tuple[float, int, AccountWatch]] = []  # a heap; monotonic seconds
        self._when: dict[str, float] = {}  # of each account, which counts; others are stale
        self._under_way: dict[str, AccountWatch] = {}
        self._again: set[str] = set()  # those to be given another turn at once
        self._numbers = itertools.count()
        self._ended = False
        self._thread = Thread(target=self._run, name="turns")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Give no more turns."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(END_SECONDS)

    def add(self, watch: AccountWatch, wait: float = 0.0) -> None:
        """Give an account turns from now on."""
        with self._changed:
            self._put(watch, wait)

    def remove(self, watch: AccountWatch) -> None:
        """Give it none any more."""
        with self._changed:
            self._when.pop(watch.key, None)
            self._again.discard(watch.key)

    def hurry(self, watch: AccountWatch) -> None:
        """Give it a turn at once."""
        with self._changed:
            if watch.key in self._under_way:
                self._again.add(watch.key)
            elif watch.key in self._when:
                self._put(watch, 0.0)

    def _put(self, watch: AccountWatch, wait: float) -> None:
        moment = self._clock.monotonic() + wait
        self._when[watch.key] = moment
        heapq.heappush(self._due, (moment, next(self._numbers), watch))
        self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                watch = self._next()
                if self._ended:
                    return
                if watch is None:
                    continue
                self._under_way[watch.key] = watch
            self._pool.submit(self._turn, watch)

    def _next(self) -> AccountWatch | None:
        """The account whose turn it is, after a wait; None for another look."""
        while self._due and self._when.get(self._due[0][2].key) != self._due[0][0]:
            heapq.heappop(self._due)  # stale
        if not self._due:
            self._changed.wait()
            return None
        wait = self._due[0][0] - self._clock.monotonic()
        if wait > 0:
            self._changed.wait(wait)
            return None
        return heapq.heappop(self._due)[2]

    def _turn(self, watch: AccountWatch) -> None:
        wait: float | None = None
        try:
            wait = watch.turn()
        except Stopping:
            return  # it is watched no more
        except BaseException:
            log.exception("an account's turn failed for a defect of ours")
            wait = END_SECONDS
        finally:
            with self._changed:
                self._under_way.pop(watch.key, None)
                again = watch.key in self._again
                self._again.discard(watch.key)
                if wait is not None and watch.key in self._when:
                    self._put(watch, 0.0 if again else wait)
