"""Whether this worker's speech engine is of any use, so that posts with speech go to others.

What fails is done with sooner than what is heard: a worker whose GPU is lost, or whose model can't
be loaded, would take more than its share of the posts, and use their attempts up. So it leaves them
to others for a while, longer each time, and tries again; and a post that it failed at it leaves to
them several times before it does.
"""

import logging
import threading
from collections.abc import Callable

from alternator.bot.error_outcomes import is_the_engines
from alternator.errors import AlternatorError, MediaError

log = logging.getLogger(__name__)

FIRST_SECONDS = 15.0
LONGEST_SECONDS = 600.0
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
        self._pauses = 0  # likewise
        self._until = 0.0  # monotonic seconds
        self._failed: dict[Post, int] = {}  # how often each is left yet, the oldest first

    @property
    def seconds_left(self) -> float:
        """How long posts with speech are left to others; 0 if they are not."""
        with self._lock:
            return max(self._until - self._clock(), 0.0)

    def heard(self) -> None:
        """A file was transcribed."""
        with self._lock:
            self._failures = self._pauses = 0
            self._until = 0.0
            self._failed.clear()

    def ended(self, post: Post) -> None:
        """The work on a post with speech has ended, well or not."""
        with self._lock:
            if self._failures:
                self._failed.pop(post, None)
                self._failed[post] = LEFT_TIMES
            if len(self._failed) > MOST_POSTS:
                del self._failed[next(iter(self._failed))]

    def leaves(self, post: Post) -> bool:
        """Whether to leave a post to others this time, since this worker failed at it."""
        with self._lock:
            times = self._failed.get(post, 0)
            if times:
                self._failed[post] = times - 1
            return times > 0

    def failed(self, error: AlternatorError) -> None:
        """A file was not, for that reason."""
        if isinstance(error, MediaError):
            return
        with self._lock:
            now = self._clock()
            self._failures += 1
            is_over = now >= self._until  # else it was begun before that was known
            if not is_over or (self._failures < IN_A_ROW and not is_the_engines(error)):
                return
            wait = min(FIRST_SECONDS * 2.0**self._pauses, LONGEST_SECONDS)
            self._pauses += 1
            self._until = now + wait
        log.warning("posts with speech are left to other workers for %.0f s: %s", wait, error)
