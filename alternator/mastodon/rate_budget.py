"""How many requests a server still takes from an account, as its answers say.

An answer tells by three headers how much is left and when it will be more
(https://docs.joinmastodon.org/api/rate-limits/). Mastodon counts new posts and edits on their own
as well, and the answer to one tells of the count that has less left
(https://github.com/mastodon/mastodon/blob/main/app/controllers/concerns/api/rate_limit_headers.rb).

The author's own posts count with the edits. So older posts, which may wait, leave the author a
share of the limit, and new ones leave the last few.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

from alternator.mastodon.waits import LONGEST_LIMIT_SECONDS, RATE_LIMIT_SECONDS, wait_of
from alternator.web.session import Answer

log = logging.getLogger(__name__)

Kind = Literal["read", "edit"]
# What others are told of: both kinds, and that what is left of edits is kept for new posts.
Limit = Literal["read", "edit", "reserve"]

# What older posts leave of a limit on edits, as a share of it.
RESERVED_SHARE = 1 / 3
# What all edits leave, unless it is more than a tenth of a small limit.
LAST_FEW = 5
LAST_FEW_SHARE = 0.1
# How it is paced where no answer tells: by Mastodon's limit.
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/lib/rate_limiter.rb (statuses)
USUAL_LIMIT = 300
USUAL_WINDOW_SECONDS = 3 * 3600.0
MOST_UNTOLD_EDITS = round(USUAL_LIMIT * (1 - RESERVED_SHARE))

# At the very second of the reset a server still answers 429.
PAST_RESET_SECONDS = 1.0
# No wait for a limit is longer, whoever asks for it: within it all is asked again.
LONGEST_RATE_LIMIT_SECONDS = 3600.0
assert LONGEST_RATE_LIMIT_SECONDS <= LONGEST_LIMIT_SECONDS
# Of a server that refuses and never says until when: each time twice as long as the last.
LONGEST_UNTOLD_SECONDS = 15 * 60.0


def nobody(limit: Limit, seconds: float) -> None:
    """No other process works for the account."""


class RateBudget:
    """What is left to all sessions of one account. Any thread may tell and ask.

    One that is told to wait has the others wait as well: each would only be told the same.
    ``clock`` gives seconds that nobody sets back or ahead: a wall clock that was days ahead for a
    moment would hold everything for days. ``others`` is told of each limit that is met, with its
    seconds from now on, and of its end (0), for other processes, which ``learn`` of it.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        others: Callable[[Limit, float], None] = nobody,
    ) -> None:
        self._clock = clock
        self._others = others
        self._lock = threading.Lock()
        self._spent_until: dict[Kind, float] = {}  # in the clock's seconds
        self._untold: dict[Kind, int] = {}  # refusals in a row that did not say until when
        self._reserved_until = 0.0  # the rest is for the author and for new posts
        self._told = False  # whether an answer to an edit has told what is left
        self._edits: deque[float] = deque(maxlen=MOST_UNTOLD_EDITS)  # when they were, untold

    def seconds_left(self, kind: Kind) -> float:
        """How long to wait before the next request, 0 if there is no need to."""
        with self._lock:
            return max(self._spent_until.get(kind, 0.0) - self._clock(), 0.0)

    def reserve_left(self) -> float:
        """How long to wait before the next edit of an older post, 0 if there is no need to."""
        with self._lock:
            return max(self._reserved_until - self._clock(), 0.0)

    def learn(self, limits: Mapping[Limit, float]) -> None:
        """Take in what other processes were told: the seconds left of each; 0 for those not named.

        What this one was told itself and is over for the others is over.
        """
        with self._lock:
            now = self._clock()
            for kind in ("read", "edit"):
                self._spent_until[kind] = now + limits.get(kind, 0.0)
            self._reserved_until = now + limits.get("reserve", 0.0)

    def heard(self, kind: Kind, answer: Answer) -> float | None:
        """Take in what an answer says; returns how many seconds to wait now, None for none."""
        reserved, spent = self._reserved_until, self._spent_until.get(kind, 0.0)
        wait = self._heard(kind, answer)
        now = self._clock()
        if self._reserved_until != reserved and max(self._reserved_until, reserved) > now:
            self._others("reserve", max(self._reserved_until - now, 0.0))
        if wait is not None or spent > now:
            self._others(kind, wait or 0.0)
        return wait

    def _heard(self, kind: Kind, answer: Answer) -> float | None:
        refused = answer.status == 429
        limit, remaining = (number_of(answer, name) for name in ("Limit", "Remaining"))
        kept = min(LAST_FEW, (limit or 0) * LAST_FEW_SHARE) if kind == "edit" else 0
        spent = refused or (remaining is not None and remaining <= kept)
        wait = wait_of(answer) if spent else None
        with self._lock:
            if kind == "edit":
                self._reserve(answer, limit, remaining)
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

    def _reserve(self, answer: Answer, limit: int | None, remaining: int | None) -> None:
        """Hold older posts back once only the reserve is left. Under the lock."""
        now = self._clock()
        if limit and remaining is not None:
            self._told = True
            if remaining > limit * RESERVED_SHARE:
                self._reserved_until = 0.0
                return
            until = now + (wait_of(answer) or LONGEST_RATE_LIMIT_SECONDS) + PAST_RESET_SECONDS
        elif self._told:
            return  # a proxy's answer, or an error's
        else:
            self._edits.append(now)
            if len(self._edits) < MOST_UNTOLD_EDITS:
                return
            until = self._edits[0] + USUAL_WINDOW_SECONDS
        if self._reserved_until <= now < until:
            log.info(
                "older posts wait for %.0f s: what is left of the server's limit on posts and "
                "edits is for the author and for new posts",
                until - now,
            )
        self._reserved_until = until


def number_of(answer: Answer, name: Literal["Limit", "Remaining"]) -> int | None:
    """What one of the headers of the limit says; None if it is no number."""
    text = answer.headers.get(f"X-RateLimit-{name}", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
