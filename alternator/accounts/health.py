"""Whether an account's server answers, since when it does or does not, and what failed."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from alternator.errors import ServerError, TemporaryServerError, TokenRefusedError

log = logging.getLogger(__name__)

ServerState = Literal["unknown", "reachable", "unreachable", "refusing"]


@dataclass(frozen=True, kw_only=True)
class ServerReport:
    """What is known: the state, since when (UTC), and what failed, '' while nothing does."""

    state: ServerState = "unknown"
    since: datetime | None = None
    trouble: str = ""
    token_refused: bool = False

    @property
    def failing(self) -> bool:
        """Whether the last that was heard of the server is that it does not answer."""
        return self.state in ("unreachable", "refusing")


def utc_now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


class AccountHealth:
    """How an account's server is.

    The thread that describes and the one that looks for posts both tell what they met. Looking
    and writing happen under one lock, so that a change is logged once, not once a thread; readers
    take the report as a whole, which is never changed but replaced.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._report = ServerReport()

    @property
    def report(self) -> ServerReport:
        """What is known at this moment."""
        return self._report

    def failed(self, error: ServerError) -> None:
        """A request failed. Logged once, not at every try."""
        if isinstance(error, TemporaryServerError) and error.retry_after is not None:
            # A server that asks to wait is there, and each time is news.
            log.warning("%s", error)
            return
        temporary = isinstance(error, TemporaryServerError)
        state: ServerState = "unreachable" if temporary else "refusing"
        refused = isinstance(error, TokenRefusedError)
        if self._change(state, str(error), token_refused=refused) is not None:
            log.error("%s", error)

    def recovered(self) -> None:
        """A request was answered."""
        before = self._change("reachable")
        if before is not None and before.failing:
            log.info("the server answers again")
            log.debug("it was %s since %s: %s", before.state, before.since, before.trouble)

    def _change(
        self, state: ServerState, trouble: str = "", *, token_refused: bool = False
    ) -> ServerReport | None:
        """Take a state in; returns the report before if it was of another state."""
        with self._lock:
            before = self._report
            if before.state == state and before.token_refused == token_refused:
                return None
            self._report = ServerReport(
                state=state, since=self._now(), trouble=trouble, token_refused=token_refused
            )
            return before
