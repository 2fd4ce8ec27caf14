"""Whether this worker's speech engine is of any use: while it is not, no post with speech is taken.

What fails is done with sooner than what is heard: a worker whose GPU is lost, or whose model can't
be loaded, would take more than its share of the posts, and use their attempts up. So it takes none
until a probe of its engine succeeds (``hearing_again.py``), and then one alone: a server that
answers a probe may still hear nothing. Once that is heard, it takes as many as ever. A post that it
failed at for a reason that may be the post's own it leaves to others several times.
"""

import logging
import threading
from collections.abc import Callable

from alternator.bot.error_outcomes import is_the_engines
from alternator.errors import AlternatorError, MediaError, TemporaryError

log = logging.getLogger(__name__)

# Until the first probe, and at most between two.
FIRST_SECONDS = 5.0
LONGEST_DEAF_SECONDS = 60.0
# At most, where a probe says little: the engine can be loaded, and fails at each file. The one that
# it is tried with then uses an attempt.
LONGEST_FAILING_SECONDS = 600.0
# So many in a row, where each may be the fault of its file.
IN_A_ROW = 3
# How often a post is left to others that this worker failed at: none of them may be there.
LEFT_TIMES = 3
MOST_POSTS = 1000  # that are kept in mind

Post = tuple[int, str]  # an account's row, and a status


class Hearing:
    """Of one worker. For any thread. ``clock`` gives seconds that nobody sets back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # guards what follows
        self._failures = 0  # in a row
        self._probes = 0  # in a row, without anything heard in between
        self._next_probe = 0.0  # monotonic seconds
        self._why: str | None = None  # while nothing is heard
        self._on_trial = False  # a probe has succeeded, and nothing was heard since
        self._tried: Post | None = None  # by which that is found out
        self._engines = False  # whether the last failure was the engine's for sure
        self._failed: dict[Post, int] = {}  # how often each is left yet, the oldest first

    @property
    def why(self) -> str | None:
        """Why nothing is heard; None while it is, as far as is known."""
        return self._why

    @property
    def takes(self) -> bool:
        """Whether to take posts with speech from the queue."""
        with self._lock:
            return self._why is None and self._tried is None

    @property
    def until_probe(self) -> float | None:
        """Seconds until the engine is to be probed; None if it need not be."""
        with self._lock:
            return None if self._why is None else max(self._next_probe - self._clock(), 0.0)

    def begins(self, post: Post) -> bool:
        """Whether to work on a post with speech that was taken, which begins then."""
        with self._lock:
            if self._why is not None or self._tried not in (None, post):
                return False
            if self._on_trial:
                self._tried = post
            return True

    def leaves(self, post: Post) -> bool:
        """Whether to leave a post to others this time, since this worker failed at it."""
        with self._lock:
            times = self._failed.get(post, 0)
            if times:
                self._failed[post] = times - 1
            return times > 0

    def ended(self, post: Post) -> None:
        """The work on a post with speech has ended, well or not."""
        with self._lock:
            if self._tried == post:
                self._tried = None
            if self._failures:
                self._failed.pop(post, None)
                self._failed[post] = LEFT_TIMES
            if len(self._failed) > MOST_POSTS:
                del self._failed[next(iter(self._failed))]

    def heard(self) -> None:
        """A file was transcribed."""
        with self._lock:
            self._failures = self._probes = 0
            self._why, self._on_trial, self._tried = None, False, None
            self._failed.clear()

    def failed(self, error: AlternatorError) -> None:
        """A file was not, for that reason."""
        if isinstance(error, MediaError):
            return
        engines = is_the_engines(error)
        with self._lock:
            self._failures += 1
            if self._why is not None:  # it was begun before that was known
                return
            self._engines = engines
            if not engines and not self._on_trial and self._failures < IN_A_ROW:
                return
            self._why, self._on_trial, self._tried = str(error), False, None
            wait = self._put_off(
                error, LONGEST_DEAF_SECONDS if engines else LONGEST_FAILING_SECONDS
            )
        log.warning(
            "no posts with speech are taken until the engine can be used again, which is tried "
            "in %.0f s: %s",
            wait,
            error,
        )

    def probed(self, error: AlternatorError | None) -> None:
        """The engine was probed, and can be used as far as is known, or can't for that reason."""
        with self._lock:
            if error is not None:
                self._why = str(error)
                wait = self._put_off(error, LONGEST_DEAF_SECONDS)
            else:
                self._why, self._on_trial = None, True
                if self._engines:
                    self._failed.clear()  # none of them was to blame
        if error is not None:
            log.debug("the engine can't be used, it is tried again in %.0f s: %s", wait, error)
        else:
            log.info("the engine can be used again; posts with speech are taken")

    def _put_off(self, error: AlternatorError, longest: float) -> float:
        """Put the next probe off; its wait. Under the lock."""
        asked = (error.retry_after or 0.0) if isinstance(error, TemporaryError) else 0.0
        wait = min(max(FIRST_SECONDS * 2.0 ** min(self._probes, 10), asked), longest)
        self._probes += 1
        self._next_probe = self._clock() + wait
        return wait
