"""While the server does not answer: how long to wait before the next try."""

import random
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from alternator.accounts.health import AccountHealth
from alternator.errors import ServerError, TemporaryServerError
from alternator.mastodon.rate_budget import LONGEST_RATE_LIMIT_SECONDS
from alternator.progress import Progress

LONGEST_BACK_OFF_SECONDS = 60.0

T = TypeVar("T")


def back_off(failures: int, error: ServerError) -> float:
    """Seconds to wait after so many failures in a row: 1 to 60, or what the server asked for."""
    if not isinstance(error, TemporaryServerError):
        return LONGEST_BACK_OFF_SECONDS
    if error.retry_after is not None:
        return min(error.retry_after, LONGEST_RATE_LIMIT_SECONDS)
    return min(2.0 ** min(failures - 1, 6), LONGEST_BACK_OFF_SECONDS) * random.uniform(0.5, 1.0)


def ask_until_reachable(
    ask: Callable[[], T],
    health: AccountHealth,
    progress: Progress,
    *,
    ends: tuple[type[TemporaryServerError], ...] = (),
) -> T:
    """What the server answers, asked until it does.

    ServerError if it refuses the token, and for what is of a class of ``ends``.
    """
    for failures in count(1):
        try:
            found = ask()
        except TemporaryServerError as error:
            if isinstance(error, ends):
                raise
            health.failed(error)
            progress.pause(back_off(failures, error))
        else:
            health.recovered()
            return found
    raise AssertionError("counting has no end")
