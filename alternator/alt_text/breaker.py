"""Keeps pictures from an endpoint that fails as a whole, and tells that from a single bad picture.

While it fails, no picture is sent: each fails at once, with the time of the next try, so none holds
up another post, and none is charged with an attempt. When that time has come, one picture is sent;
if that fails as well, the next wait is longer, and another picture is sent then if any waits: an
endpoint that fails for this one alone would else be given up for all.

A picture that fails again although others were answered since it failed first is charged with an
attempt: then it is the picture. Clients of several threads may share what is known here.

Whoever keeps what waits is told when the endpoint answers again (``answers_again``), so that it
waits no longer.
"""

import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from alternator.alt_text.endpoint import TroubleError
from alternator.clock import SYSTEM_CLOCK, Clock
from alternator.errors import EndpointError, StateError, VisionError

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 15.0
LONGEST_WAIT_SECONDS = 600.0
LONGEST_ASKED_SECONDS = 3600.0  # whatever Retry-After says
# How long a picture that was sent in vain, as often, lets others go first once the time has come.
# Not the first time: most outages are over by then, and the post's other pictures wait for it.
COURTESY_SECONDS = 120.0
COURTEOUS_AFTER = 2
MOST_SUSPECTS = 1000
# An endpoint that fails and answers by turns makes what waits due so often at most: each post that
# is due is read anew, and the server's limit counts that.
TELL_SECONDS = 300.0


@dataclass(kw_only=True)
class Outage:
    """An endpoint that fails since ``began`` and is not asked until ``until`` (monotonic)."""

    began: float
    until: float
    reason: str
    key: str  # of the picture that was sent last
    times: int = 1
    turned_away: bool = field(default=False)  # others that came meanwhile


def nothing_waits() -> int:
    """For questions that are not kept: how many of them are made due."""
    return 0


class Breaker:
    """``what`` waits, as the log says it: pictures. A ``key`` tells a picture from another.

    ``answers_again`` makes due all that waits, and returns how many those are. A StateError of it
    is no failure of the question: it is called again after the next.
    """

    def __init__(
        self,
        what: str,
        *,
        clock: Clock = SYSTEM_CLOCK,
        answers_again: Callable[[], int] = nothing_waits,
    ) -> None:
        self._what = what
        self._clock = clock
        self._lock = threading.RLock()  # a signal may break off its holder on the way in
        self._outage: Outage | None = None
        self._answered = 0  # questions that were answered so far
        # By picture: how many questions had been answered when it failed.
        self._suspects: dict[str, int] = {}
        self._answers_again = answers_again
        # At first as well: some may wait since an earlier start.
        self._to_tell = True
        self._told_at: float | None = None

    def check(self, key: str | None = None) -> None:
        """EndpointError, with the time of the next try, while this picture is not sent.

        ``key`` is None where it is not known yet.
        """
        with self._lock:
            outage = self._outage
            if outage is None:
                return
            left = outage.until - self._clock.monotonic()
            if left > 0:
                if key != outage.key:
                    outage.turned_away = True
                raise EndpointError(outage.reason, retry_after=left)
            again = key == outage.key and outage.times >= COURTEOUS_AFTER
            if again and outage.turned_away and left > -COURTESY_SECONDS:
                raise EndpointError(outage.reason, retry_after=COURTESY_SECONDS + left)

    def answered(self, key: str) -> None:
        """The endpoint answered about this picture, whatever it said."""
        with self._lock:
            self._answered += 1
            self._suspects.pop(key, None)
            if self._outage is not None:
                seconds = self._clock.monotonic() - self._outage.began
                log.info("%s: the endpoint answers again, after %.0f s", self._what, seconds)
                self._outage = None
                self._to_tell = True
            if self._to_tell:
                self._tell()

    def _tell(self) -> None:
        """Let what waits go on, unless that was done a moment ago."""
        now = self._clock.monotonic()
        if self._told_at is not None and now - self._told_at < TELL_SECONDS:
            return
        with suppress(StateError):
            if self._answers_again():
                self._told_at = now
            self._to_tell = False

    def failed(self, key: str, trouble: TroubleError) -> VisionError:
        """The endpoint did not answer about this picture: the error that says what that means."""
        with self._lock:
            before = self._suspects.pop(key, None)
            others_answered = before is not None and self._answered > before
            self._suspects[key] = self._answered
            while len(self._suspects) > MOST_SUSPECTS:
                del self._suspects[next(iter(self._suspects))]
            if others_answered and not trouble.kind.certain:
                return VisionError(f"{trouble}; it answers about others")
            if others_answered or not trouble.kind.closes:
                return EndpointError(str(trouble), retry_after=trouble.retry_after)
            return self._close(key, trouble)

    def _close(self, key: str, trouble: TroubleError) -> EndpointError:
        """Send nothing for a while, longer each time."""
        now = self._clock.monotonic()
        outage = self._outage
        if outage is None:
            outage = Outage(began=now, until=now, reason="", key=key)
        else:
            outage.times += 1
        wait = min(FIRST_WAIT_SECONDS * 2.0 ** (outage.times - 1), LONGEST_WAIT_SECONDS)
        wait *= random.uniform(0.75, 1.0)
        wait = max(wait, min(trouble.retry_after or 0.0, LONGEST_ASKED_SECONDS))
        outage.until, outage.key, outage.turned_away = now + wait, key, False
        if outage.reason != str(trouble):
            outage.reason = str(trouble)
            log.warning("%s wait; the next try is in %.0f s: %s", self._what, wait, trouble)
        self._outage = outage
        return EndpointError(outage.reason, retry_after=wait)
