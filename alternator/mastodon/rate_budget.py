"""How many requests a server still takes from an account, as its answers say.

An answer tells by three headers how much is left and when it will be more
(https://docs.joinmastodon.org/api/rate-limits/). Mastodon counts new posts and edits on their own
as well, and the answer to one tells of the count that has less left
(https://github.com/mastodon/mastodon/blob/main/app/controllers/concerns/api/rate_limit_headers.rb).
"""

import threading
import time
from collections.abc import Callable
from typing import Literal

from alternator.mastodon.waits import LONGEST_LIMIT_SECONDS, RATE_LIMIT_SECONDS, wait_of
from alternator.web.session import Answer

Kind = Literal["read", "edit"]

# At the very second of the reset a server still answers 429.
PAST_RESET_SECONDS = 1.0
# No wait for a limit is longer, whoever asks for it: within it all is asked again.
LONGEST_RATE_LIMIT_SECONDS = 3600.0
assert LONGEST_RATE_LIMIT_SECONDS <= LONGEST_LIMIT_SECONDS
# Of a server that refuses and never says until when: each time twice as long as the last.
LONGEST_UNTOLD_SECONDS = 15 * 60.0


class RateBudget:
    """What is left to all sessions of one account. Any thread may tell and ask.

    One that is told to wait has the others wait as well: each would only be told the same.
    ``clock`` gives seconds that nobody sets back or ahead: a wall clock that was days ahead for a
    moment would hold everything for days.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent_until: dict[Kind, float] = {}  # in the clock's seconds
        self._untold: dict[Kind, int] = {}  # refusals in a row that did not say until when

    def seconds_left(self, kind: Kind) -> float:
        """How long to wait before the next request, 0 if there is no need to."""
        with self._lock:
            return max(self._spent_until.get(kind, 0.0) - self._clock(), 0.0)

    def heard(self, kind: Kind, answer: Answer) -> float | None:
        """Take in what an answer says; returns how many seconds to wait now, None for none."""
        refused = answer.status == 429
        spent = refused or answer.headers.get("X-RateLimit-Remaining", "").strip() == "0"
        wait = wait_of(answer) if spent else None
        with self._lock:
            if wait is None and refused:
                times = self._untold[kind] = self._untold.get(kind, 0) + 1
                wait = min(RATE_LIMIT_SECONDS * 2.0 ** min(times - 1, 10), LONGEST_UNTOLD_SECONDS)
            elif not refused:
                self._untold.pop(kind, None)
            if wait is None:
                self._spent_until.pop(kind, None)
                return None
            wait = min(wait, LONGEST_RATE_LIMIT_SECONDS) + PAST_RESET_SECONDS
            self._spent_until[kind] = self._clock() + wait
            return wait
