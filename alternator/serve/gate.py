"""How many requests are let in: of all clients together, and of each token.

All of it happens in the event loop's thread, so nothing here needs a lock.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from alternator.serve.errors import ApiError
from alternator.serve.tokens import Client

# Between these, in seconds, is what a client that found no room is asked to wait.
SHORTEST_WAIT, LONGEST_WAIT = 1, 60
# How much the newest request weighs in the mean of how long they take.
NEWEST_WEIGHS = 0.2


class Gate:
    """Counts who is inside; ``most`` of all together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: Counter[Client] = Counter()
        self._mean = 0.0  # seconds that a request takes
        self.closed = False

    @property
    def inside(self) -> int:
        """How many requests are under way, be it in their upload."""
        return self._inside.total()

    @contextmanager
    def entered(self, client: Client) -> Iterator[None]:
        """Room for one request of that client while the block runs; ApiError 429 if there is none,
        503 once the server is about to stop."""
        if self.closed:
            raise ApiError(
                503,
                "the server is about to stop; ask again in a moment",
                code="stopping",
                headers={"Retry-After": "5", "Connection": "close"},
            )
        if client.at_once is not None and self._inside[client] >= client.at_once:
            raise self._full(f"{client.at_once} requests of this token are under way")
        if self.inside >= self._most:
            raise self._full(f"the server is full: {self._most} requests are under way")
        self._inside[client] += 1
        try:
            yield
        finally:
            self._inside[client] -= 1

    def took(self, seconds: float) -> None:
        """A request was answered after so long."""
        self._mean += NEWEST_WEIGHS * (seconds - self._mean)

    @property
    def wait(self) -> int:
        """After how many seconds a place may be free: about as long as one request takes."""
        return min(max(math.ceil(self._mean), SHORTEST_WAIT), LONGEST_WAIT)

    def _full(self, what: str) -> ApiError:
        return ApiError(
            429,
            f"{what}; ask again in {self.wait} s",
            code="rate_limit_exceeded",
            headers={"Retry-After": str(self.wait)},
        )
