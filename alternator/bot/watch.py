"""The bot at work: a queue of posts that is filled by the stream and by polling.

Three threads work for an account, the last two of them only where there is something for them:

- the main one describes one post after the other (``Watcher.run``, ``alternator/bot/work.py``), and
  between two looks through the account's posts when that is due (``alternator/bot/poll.py``):
  before it could claim a post it need not know of it. Signals reach it alone, and it alone claims,
  edits, and writes down what became of a post;
- one transcribes, while there is a post with speech (``alternator/bot/speech_lane.py``), and leaves
  the rest of the work on that post to the main one;
- one follows the stream of events (``alternator/mastodon/streams/follow.py``).

They meet in the account's state: what finds posts records them, and only the main thread claims
them. Beside that they share the account's health and rate budget, the attendance of the stream and
what is known of the vision endpoint's failures, which have locks of their own, and events that only
wake: after waking, the main one looks at the state, so one that comes too early or twice costs a
look and no more.

No long transcription holds up a picture, nor a slow vision endpoint a clip: while one post with
speech is at work, the others with speech are not claimed, and those without are. All edits are made
one after the other all the same, so a halt or a limit that one meets holds for the next.

What keeps the main thread from claiming the next post is one of four: a person has to look at an
edit that did harm, the server's rate limit is used up, the server fails as a whole
(``alternator/bot/failures.py``), or the operator's own hourly budget is used up (``pace.py``). What
a person asked for (``errand_work.py``) waits for the server alone: the budget is one of
descriptions, and where nothing is edited any more it is refused. One post that fails waits by
itself. Back-fill is claimed only while more is left of the server's limit
than the author's share (``rate_budget.py``). Between two posts it does its chores
(``chores.py``): it asks authors about drafts and hears what they say.
"""

import threading
from typing import Protocol

from alternator.accounts.account import Account
from alternator.bot.attendance import Attendance
from alternator.bot.failures import Failures
from alternator.bot.find_posts import Look
from alternator.bot.halt import HaltNotice
from alternator.bot.parts import Parts
from alternator.bot.poll import STATE_PAUSE_SECONDS, Poll
from alternator.errors import ServerError, TemporaryStateError
from alternator.mastodon.entities import Status
from alternator.store.outcomes import Claim

# Without a stream, a new post should not wait for a whole minute.
POLL_WITHOUT_STREAM_SECONDS = 15.0
IDLE_SECONDS = 0.5


class EventStream(Protocol):
    """What follows the server's events: ``alternator.mastodon.streams.follow.Stream``."""

    @property
    def connection(self) -> int:
        """The number of the open one; 0: no events come in now."""

    def start(self) -> None: ...


class Watcher:
    """Keeps one account's posts described."""

    def __init__(self, parts: Parts) -> None:
        self._account = account = parts.account
        self._finder = parts.finder
        self._work = parts.work
        self._pace = parts.pace
        self._chores = parts.chores
        self._errands = parts.errands
        self._progress = parts.progress
        self._stop = stop = parts.stop
        self._wake = parts.wake  # there may be something to do
        self._something_found = threading.Event()  # perhaps
        self._attendance = Attendance(stop.clock)
        self._poll = Poll(self, account.health, stop, events=self)
        # Set before the threads are started, and by nobody later.
        self._stream: EventStream | None = None
        # Of the main thread alone; times are monotonic seconds.
        self._failures = Failures()
        self._halt = HaltNotice(account.state, stop.clock)
        self._backfill_ready = 0.0
        self._paused_until = 0.0

    def run(self, stream: EventStream | None) -> None:
        """Watch until ``Stopping`` is raised. An outage, a lock, a full disk never ends it.

        ``stream`` is None where only polling is wanted.
        """
        self._stream = stream
        if stream is not None:
            stream.start()
        try:
            while True:
                try:
                    self._describe_next()
                except TemporaryStateError:  # logged by the store, once
                    self._progress.pause(STATE_PAUSE_SECONDS)
        finally:
            self._stop.request()
            self._work.leave()

    def notice(self, status: Status) -> None:
        """A status that the stream brought. Called by the stream's thread, as are the two below."""
        if status.account_id == self._account.id:
            self._attendance.heard(status.id)
        if not self._stop.requested and self._finder.notice(status):
            self.found()

    def look_now(self) -> None:
        """Look through the posts at once: the stream was reconnected."""
        self._poll.look_now()
        self._wake.set()

    def is_deaf(self, connection: int) -> bool:
        """Whether the stream does not tell of posts that are there."""
        return self._attendance.is_deaf(connection)

    def look(self) -> Look:
        """Look through the posts. Called by the poll, as are the two below."""
        connection = self._stream.connection if self._stream else 0
        look = self._finder.look()
        self._attendance.looked(look.newer, connection)
        return look

    def found(self) -> None:
        """Something was found."""
        self._something_found.set()
        self._wake.set()

    def recovered(self) -> None:
        """After an outage no post waits any longer for it."""
        self._account.state.make_due()
        self.found()

    def interval(self) -> float:
        """Seconds until the next look: fewer while no events come in."""
        settings = self._account.settings
        if settings.user_stream and not (self._stream and self._stream.connection):
            return min(settings.poll_interval_seconds, POLL_WITHOUT_STREAM_SECONDS)
        return settings.poll_interval_seconds

    def _describe_next(self) -> None:
        """Do what a person asked for, else describe one post, or wait a moment if none is due."""
        self._progress.beat()
        self._poll.look_if_due()
        self._chores.do_due()
        is_halted, waits = self._halt.stands(), self._waits_for_server()
        if (is_halted or not waits) and self._errands.do_next():
            return
        is_hindered = is_halted or waits or self._pace.seconds_left() > 0
        claim = None if is_hindered else self._claim()
        if claim is None:
            self._idle()
            return
        try:
            if self._work.describe(claim):
                self._failures.clear()
        except ServerError as error:
            self._failed(claim, error)
        if claim.backfill:
            pause = self._account.settings.backfill_pause
            self._backfill_ready = self._stop.clock.monotonic() + pause

    def _waits_for_server(self) -> bool:
        """Whether nothing is asked of the server now: it said so, or fails as a whole."""
        return (
            rate_limit_left(self._account) > 0 or self._stop.clock.monotonic() < self._paused_until
        )

    def _claim(self) -> Claim | None:
        paused = self._stop.clock.monotonic() < self._backfill_ready
        reserved = self._account.budget.reserve_left() > 0
        return self._work.claim(backfill=not paused and not reserved)

    def _idle(self) -> None:
        """Wait a moment, or until there is something new: a server that tells of it answers."""
        if self._stop.wait(self._wake, IDLE_SECONDS):
            self._wake.clear()
            if self._something_found.is_set():
                self._something_found.clear()
                self._paused_until = 0.0

    def _failed(self, claim: Claim, error: ServerError) -> None:
        """The server did not answer for a post, which is put back."""
        if rate_limit_left(self._account) > 0:
            self._account.health.failed(error)
            return
        pause = self._failures.pause_after(claim.status_id, error)
        if pause:
            self._account.health.failed(error)
            self._paused_until = self._stop.clock.monotonic() + pause


def rate_limit_left(account: Account) -> float:
    """Seconds until the server takes both kinds of requests that describing a post needs."""
    return max(account.budget.seconds_left("read"), account.budget.seconds_left("edit"))
