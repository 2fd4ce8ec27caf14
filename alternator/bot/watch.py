"""The bot at work: a queue of posts that is filled by the stream and by polling.

Three threads work for an account:

- the main one describes one post after the other (``Watcher.run``, ``alternator/bot/work.py``);
  signals reach it alone;
- one looks through the account's posts (``alternator/bot/poll.py``);
- one follows the stream of events (``alternator/mastodon/stream.py``).

They meet in the account's state: the two that find posts record them, and only the main one claims
them. How often a post was put back is counted there as well, since the main thread counts and the
polling one, after an outage, makes all of them due. Beside that they share the account's health and
rate budget, which have locks of their own, and two events that only wake: after waking, each looks
at the state, so one that comes too early or twice costs a look and no more.
"""

import threading
from typing import Protocol

from alternator.accounts.account import Account
from alternator.bot.find_posts import PostFinder
from alternator.bot.outage import back_off
from alternator.bot.poll import Poll
from alternator.bot.work import Tally, Work
from alternator.errors import ServerError, TemporaryServerError, TemporaryStateError
from alternator.mastodon.client import LONGEST_WAIT_SECONDS
from alternator.mastodon.entities import Status
from alternator.progress import Progress
from alternator.stopping import Stop

# Without a stream, a new post should not wait for a whole minute.
POLL_WITHOUT_STREAM_SECONDS = 15.0
IDLE_SECONDS = 0.5
# Until the next try where what is remembered can't be read or written now.
STATE_PAUSE_SECONDS = 5.0
# How long a single pass waits for files that the server is still processing.
ONCE_PATIENCE_SECONDS = 30.0
# How often a single pass tries again in a row what the server did not answer.
ONCE_ATTEMPTS = 4


class EventStream(Protocol):
    """What follows the server's events: ``alternator.mastodon.stream.Stream``."""

    open: bool  # whether events come in now

    def start(self) -> None: ...


class Watcher:
    """Keeps one account's posts described."""

    def __init__(
        self, account: Account, finder: PostFinder, work: Work, *, progress: Progress, stop: Stop
    ) -> None:
        self._account = account
        self._finder = finder
        self._work = work
        self._progress = progress
        self._stop = stop
        self._something_due = threading.Event()  # perhaps
        self._poll = Poll(finder, account.health, stop, events=self)
        # Set before the threads are started, and by nobody later.
        self._stream: EventStream | None = None
        self._backfill_ready = 0.0

    def run_once(self) -> Tally:
        """Catch up, describe what is due, and end. ServerError if the server can't be asked."""
        state, clock = self._account.state, self._stop.clock
        self._finder.look()
        self._account.health.recovered()
        patience = clock.monotonic() + ONCE_PATIENCE_SECONDS
        while True:
            if claim := state.claim():
                try:
                    self._work.describe(claim)
                except TemporaryServerError as error:
                    too_long = (error.retry_after or 0.0) > LONGEST_WAIT_SECONDS
                    if too_long or self._work.failures == ONCE_ATTEMPTS:
                        raise
                    self._progress.pause(back_off(self._work.failures, error))
                    patience = clock.monotonic() + ONCE_PATIENCE_SECONDS
                pause = self._account.settings.backfill_pause if claim.backfill else 0.0
                self._progress.pause(pause)
                continue
            due = state.next_due()
            if due is None or clock.monotonic() + (due - clock.now()) > patience:
                return self._work.tally
            self._progress.pause(due - clock.now())

    def run(self, stream: EventStream | None) -> None:
        """Watch until ``Stopping`` is raised. An outage, a lock, a full disk never ends it.

        ``stream`` is None where only polling is wanted.
        """
        self._stream = stream
        if stream is not None:
            stream.start()
        self._poll.start()
        try:
            while True:
                try:
                    self._describe_next()
                except TemporaryStateError:  # logged by the store, once
                    self._progress.pause(STATE_PAUSE_SECONDS)
        finally:
            # So that the polling thread ends before the store is closed, if it only waits.
            self._stop.request()
            self._poll.look_now()

    def notice(self, status: Status) -> None:
        """A status that the stream brought. Called by the stream's thread."""
        if not self._stop.requested and self._finder.notice(status):
            self._something_due.set()

    def look_now(self) -> None:
        """Look through the posts at once: the stream was reconnected."""
        self._poll.look_now()

    def found(self) -> None:
        """The polling found something. Called by its thread, as are the two below."""
        self._something_due.set()

    def recovered(self) -> None:
        """After an outage no post waits any longer for it."""
        self._account.state.make_due()
        self._something_due.set()

    def interval(self) -> float:
        """Seconds until the next look: fewer while no events come in."""
        settings = self._account.settings
        if settings.user_stream and not (self._stream and self._stream.open):
            return min(settings.poll_interval_seconds, POLL_WITHOUT_STREAM_SECONDS)
        return settings.poll_interval_seconds

    def _describe_next(self) -> None:
        """Describe one post, or wait a moment if none is due."""
        clock = self._stop.clock
        self._progress.beat()
        claim = self._account.state.claim(backfill=clock.monotonic() >= self._backfill_ready)
        if claim is None:
            clock.wait(self._something_due, IDLE_SECONDS)
            self._something_due.clear()
            return
        try:
            self._work.describe(claim)
        except ServerError as error:
            self._account.health.failed(error)
            self._progress.pause(back_off(self._work.failures, error))
        if claim.backfill:
            self._backfill_ready = clock.monotonic() + self._account.settings.backfill_pause
