"""The bot at work: a queue of posts that is filled by the stream and by polling.

Three threads: the main one describes one post after the other, one looks through the account's
posts, one follows the stream. They meet in the store.
"""

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass

from alternator.bot.describe import Describer, Draft
from alternator.bot.find_posts import PostFinder
from alternator.bot.health import Health
from alternator.bot.outage import Outage
from alternator.bot.poll import Poll
from alternator.config.settings import Config
from alternator.errors import ServerError, StateError, TemporaryMediaError, TemporaryServerError
from alternator.mastodon.client import LONGEST_WAIT_SECONDS
from alternator.mastodon.entities import Status
from alternator.mastodon.stream import Stream
from alternator.stopping import Stop, Stopping
from alternator.store.outcomes import Claim, Outcome, failed
from alternator.store.state import Store

log = logging.getLogger(__name__)

# Without a stream, a new post should not wait for a whole minute.
POLL_WITHOUT_STREAM_SECONDS = 15.0
IDLE_SECONDS = 0.5
# How long a single pass waits for files that the server is still processing.
ONCE_PATIENCE_SECONDS = 30.0
# How often a single pass tries again in a row what the server did not answer.
ONCE_ATTEMPTS = 4
# How long a post waits until all of its files are processed, so that one edit will do.
PROCESSING_SECONDS = 3600.0
# How long a post is put back that the server does not answer for, time after time: edits that
# fail count towards the server's limit as well.
PUT_BACK_SECONDS = (5.0, 20.0, 60.0, 300.0)


@dataclass(kw_only=True)
class Tally:
    """How many attachments were described, left alone and not described (yet)."""

    described: int = 0
    left: int = 0
    failed: int = 0


class Watcher:
    """Keeps one account's posts described."""

    def __init__(
        self,
        config: Config,
        *,
        store: Store,
        finder: PostFinder,
        describer: Describer,
        health: Health,
        outage: Outage,
        stop: Stop,
    ) -> None:
        self._config = config
        self._store = store
        self._finder = finder
        self._describer = describer
        self._health = health
        self._outage = outage
        self._stop = stop
        self._work = threading.Event()  # something may be due
        self._poll = Poll(
            finder,
            outage,
            stop,
            found=self._work.set,
            recovered=self._recovered,
            interval=self._poll_interval,
        )
        self._stream: Stream | None = None
        self._drafts: dict[Claim, Draft] = {}
        self._put_back: Counter[str] = Counter()  # how often in a row, by status
        self._backfill_ready = 0.0
        self._failures = 0  # of the server, in a row
        self.tally = Tally()

    def run_once(self) -> Tally:
        """Catch up, describe what is due, and end. ServerError if the server can't be asked."""
        self._finder.look()
        self._outage.over()
        patience = time.monotonic() + ONCE_PATIENCE_SECONDS
        while True:
            if claim := self._store.claim():
                try:
                    self._work_on(claim)
                except TemporaryServerError as error:
                    too_long = (error.retry_after or 0.0) > LONGEST_WAIT_SECONDS
                    if too_long or self._failures == ONCE_ATTEMPTS:
                        raise
                    self._outage.wait(self._failures, error)
                    patience = time.monotonic() + ONCE_PATIENCE_SECONDS
                self._stop.pause(self._config.mastodon.backfill_pause if claim.backfill else 0.0)
                continue
            due = self._store.next_due()
            if due is None or time.monotonic() + (due - time.time()) > patience:
                return self.tally
            self._stop.pause(due - time.time())

    def run(self, stream: Stream | None) -> None:
        """Watch until ``Stopping`` is raised. An outage never ends it.

        ``stream`` is None where only polling is wanted.
        """
        self._stream = stream
        if stream is not None:
            stream.start()
        self._poll.start()
        while True:
            self._stop.check()
            self._health.beat()
            claim = self._store.claim(backfill=time.monotonic() >= self._backfill_ready)
            if claim is None:
                self._work.wait(IDLE_SECONDS)
                self._work.clear()
                continue
            try:
                self._work_on(claim)
            except ServerError as error:
                self._outage.met(error)
                self._outage.wait(self._failures, error)
            if claim.backfill:
                pause = self._config.mastodon.backfill_pause
                self._backfill_ready = time.monotonic() + pause

    def notice(self, status: Status) -> None:
        """A status that the stream brought. Called by the stream's thread."""
        if not self._stop.requested and self._finder.notice(status):
            self._work.set()

    def look_now(self) -> None:
        """Look through the posts at once: the stream was reconnected."""
        self._poll.look_now()

    def _recovered(self) -> None:
        """After an outage no post waits any longer for it. Called by the polling's thread."""
        self._store.hasten(list(self._put_back))
        self._put_back.clear()
        self._work.set()

    def _poll_interval(self) -> float:
        interval = self._config.mastodon.poll_interval_seconds
        if self._config.mastodon.user_stream and not (self._stream and self._stream.open):
            return min(interval, POLL_WITHOUT_STREAM_SECONDS)
        return interval

    def _work_on(self, claim: Claim) -> None:
        """Describe one post and write down the outcomes. ServerError gives the claim back."""
        started = time.monotonic()
        try:
            draft = self._draft_of(claim)
            # What was edited must be written down: no signal in between.
            with self._stop.shielded():
                outcomes = self._describer.publish(draft)
                self._finish(claim, outcomes, time.monotonic() - started)
        except Stopping:
            self._store.release(claim)
            raise
        except StateError:
            raise
        except TemporaryMediaError as error:
            self._store.release(claim, wait=error.retry_after or 0.0)
        except ServerError as error:
            self._put_back_for(claim, error)
            raise
        except Exception as error:
            log.debug("unexpected error", exc_info=True)
            reason = f"unexpected {type(error).__name__}: {error}"
            outcomes = [failed(key, reason) for key in claim.attachment_ids]
            self._finish(claim, outcomes, time.monotonic() - started)

    def _finish(self, claim: Claim, outcomes: list[Outcome], seconds: float) -> None:
        """Write down what became of a claim."""
        again = self._store.finish(claim, outcomes)
        self._drafts = {
            key: draft for key, draft in self._drafts.items() if key.status_id != claim.status_id
        }
        del self._put_back[claim.status_id]
        self._failures = 0
        self._report(claim, outcomes, again, seconds)

    def _put_back_for(self, claim: Claim, error: ServerError) -> None:
        """Give a post back that the server did not answer for, so that others have their turn."""
        self._failures += 1
        self._put_back[claim.status_id] += 1
        times = min(self._put_back[claim.status_id], len(PUT_BACK_SECONDS))
        wait = PUT_BACK_SECONDS[times - 1]
        self._store.release(claim, wait=wait)
        log.debug("post %s is put back for %.0f s: %s", claim.status_id, wait, error)

    def _draft_of(self, claim: Claim) -> Draft:
        """The texts for a claim: those that an outage kept from being written, or new ones."""
        draft = self._drafts.get(claim)
        if draft is None:
            patient = time.time() - self._store.found_at(claim) < PROCESSING_SECONDS
            draft = self._drafts[claim] = self._describer.prepare(claim, patient=patient)
        return draft

    def _report(
        self, claim: Claim, outcomes: list[Outcome], again: list[Outcome], seconds: float
    ) -> None:
        """Log what became of each attachment."""
        waits = {outcome.attachment_id: outcome.retry_after for outcome in again}
        for outcome in outcomes:
            where = f"post {claim.status_id}, attachment {outcome.attachment_id}"
            if outcome.state == "described":
                self.tally.described += 1
                self._health.succeeded()
                log.info("described %s, in %.1f s", where, seconds)
            elif outcome.state == "left":
                self.tally.left += 1
                log.info("left alone %s: %s", where, outcome.reason)
            elif (wait := waits.get(outcome.attachment_id)) is not None:
                self.tally.failed += 1
                log.warning("failed %s, again in %.0f s: %s", where, wait, outcome.reason)
            else:
                self.tally.failed += 1
                log.error("given up %s: %s", where, outcome.reason)
