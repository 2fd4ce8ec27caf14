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

import requests

from alternator.mastodon import server_errors

Kind = Literal["read", "edit"]

# At the very second of the reset a server still answers 429.
PAST_RESET_SECONDS = 1.0
# Edits have a budget for three hours; some proxies name a reset that lies years ahead.
LONGEST_RATE_LIMIT_SECONDS = 3600.0


class RateBudget:
    """What is left to all sessions of one account. Any thread may tell and ask.

    One that is told to wait has the others wait as well: each would only be told the same.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent_until: dict[Kind, float] = {}  # Unix time in seconds

    def watch(self, session: requests.Session) -> None:
        """Hear of every answer that a session gets."""
        session.hooks["response"].append(self._answered)

    def seconds_left(self, kind: Kind) -> float:
        """How long to wait before the next request, 0 if there is no need to."""
        with self._lock:
            return max(self._spent_until.get(kind, 0.0) - self._clock(), 0.0)

    def heard(self, kind: Kind, response: requests.Response) -> None:
        """Take in what an answer says."""
        refused = response.status_code == 429
        spent = refused or response.headers.get("X-RateLimit-Remaining", "").strip() == "0"
        wait = server_errors.reset_of(response) if spent else None
        if wait is None and refused:
            wait = server_errors.RATE_LIMIT_SECONDS
        with self._lock:
            if wait is None or wait <= 0:
                self._spent_until.pop(kind, None)
            else:
                until = min(wait, LONGEST_RATE_LIMIT_SECONDS) + PAST_RESET_SECONDS
                self._spent_until[kind] = self._clock() + until

    def _answered(self, response: requests.Response, **_: object) -> None:
        """Called by requests, in the thread that asked."""
        reading = response.request.method in ("GET", "HEAD")
        self.heard("read" if reading else "edit", response)
