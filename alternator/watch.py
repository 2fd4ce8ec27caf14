"""The bot at work: a queue of posts that is filled by the stream and by polling.

Three threads: the main one describes one post after the other, one looks through the account's
posts, one follows the stream. They meet in the store.
"""

import logging
import random
import threading
import time
from dataclasses import dataclass

from alternator.config import Config
from alternator.describe import Describer, Draft
from alternator.errors import ServerError, TemporaryMediaError, TemporaryServerError
from alternator.health import Health
from alternator.state import Claim, Outcome, Store
from alternator.stopping import Stop, Stopping
from alternator.stream import Stream
from alternator.survey import Survey

log = logging.getLogger(__name__)

# Without a stream, a new post should not wait for a whole minute.
POLL_WITHOUT_STREAM_SECONDS = 15.0
IDLE_SECONDS = 0.5
LONGEST_BACK_OFF_SECONDS = 60.0
# How long a single pass waits for files that the server is still processing.
ONCE_PATIENCE_SECONDS = 30.0
# A file that the server has not processed by then never will be.
PROCESSING_SECONDS = 24 * 3600.0


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
        survey: Survey,
        describer: Describer,
        health: Health,
        stop: Stop,
    ) -> None:
        self._config = config
        self._store = store
        self._survey = survey
        self._describer = describer
        self._health = health
        self._stop = stop
        self._work = threading.Event()  # something may be due
        self._look_now = threading.Event()
        self._stream: Stream | None = None
        self._drafts: dict[Claim, Draft] = {}
        self._backfill_ready = 0.0
        self._failures = 0
        self.tally = Tally()

    def run_once(self) -> Tally:
        """Catch up, describe what is due, and end. ServerError if the server can't be asked."""
        self._survey.look()
        self._health.server = "reachable"
        patience = time.monotonic() + ONCE_PATIENCE_SECONDS
        while True:
            if claim := self._store.claim():
                self._work_on(claim)
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
        threading.Thread(target=self._keep_looking, name="poll", daemon=True).start()
        while True:
            self._stop.check()
            self._health.beat()
            backfill = time.monotonic() >= self._backfill_ready
            claim = self._store.claim(backfill=backfill)
            if claim is None:
                self._work.wait(IDLE_SECONDS)
                self._work.clear()
                continue
            try:
                self._work_on(claim)
                self._failures = 0
            except ServerError as error:
                self._server_failed(error)
                self._wait_for_server(error)
            if claim.backfill:
                pause = self._config.mastodon.backfill_pause
                self._backfill_ready = time.monotonic() + pause

    def notice(self, status: dict[str, object]) -> None:
        """A status that the stream brought. Called by the stream's thread."""
        if not self._stop.requested and self._survey.notice(status):
            self._work.set()

    def look_now(self) -> None:
        """Look through the posts at once: the stream was reconnected."""
        self._look_now.set()

    def _keep_looking(self) -> None:
        """The polling thread: look, wait, look again; sooner after the stream was reconnected."""
        failures = 0
        try:
            while True:
                self._stop.check()
                self._look_now.clear()
                try:
                    if self._survey.look():
                        self._work.set()
                    self._server_answered()
                    failures = 0
                    wait = self._poll_interval()
                except ServerError as error:
                    self._server_failed(error)
                    failures += 1
                    wait = back_off(failures, error)
                except Exception as error:
                    self._stop.check()
                    # A page that can't be read must not end the looking.
                    log.error("looking through the posts failed: %s", error)
                    log.debug("unexpected error", exc_info=True)
                    wait = LONGEST_BACK_OFF_SECONDS
                self._look_now.wait(wait)
        except Stopping:
            return

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
                again = self._store.finish(claim, outcomes)
                self._drafts.clear()
                self._report(claim, outcomes, again, time.monotonic() - started)
        except Stopping:
            self._store.release(claim)
            raise
        except TemporaryMediaError as error:
            self._not_processed(claim, error)
        except ServerError as error:
            self._store.release(claim, wait=5.0)
            log.debug("post %s is put back: %s", claim.status_id, error)
            raise
        except Exception as error:
            log.debug("unexpected error", exc_info=True)
            outcomes = [
                Outcome(
                    attachment_id=key,
                    state="failed",
                    reason=f"unexpected {type(error).__name__}: {error}",
                )
                for key in claim.attachment_ids
            ]
            again = self._store.finish(claim, outcomes)
            self._report(claim, outcomes, again, time.monotonic() - started)

    def _draft_of(self, claim: Claim) -> Draft:
        """The texts for a claim: those that an outage kept from being written, or new ones."""
        draft = self._drafts.get(claim)
        if draft is None:
            draft = self._drafts[claim] = self._describer.prepare(claim)
        return draft

    def _not_processed(self, claim: Claim, error: TemporaryMediaError) -> None:
        """Put a post back whose files the server is still processing."""
        if time.time() - self._store.found_at(claim) < PROCESSING_SECONDS:
            self._store.release(claim, wait=error.retry_after or 0.0)
            return
        reason = "the server never finished processing it"
        outcomes = [
            Outcome(attachment_id=key, state="left", reason=reason) for key in claim.attachment_ids
        ]
        self._store.finish(claim, outcomes)
        self._report(claim, outcomes, [], 0.0)

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

    def _server_answered(self) -> None:
        if self._health.server in ("unreachable", "refusing"):
            log.info("the server answers again")
        self._health.server = "reachable"

    def _server_failed(self, error: ServerError) -> None:
        """Log an outage once, not at every try."""
        state = "unreachable" if isinstance(error, TemporaryServerError) else "refusing"
        if self._health.server != state:
            log.error("%s", error)
        self._health.server = "unreachable" if state == "unreachable" else "refusing"

    def _wait_for_server(self, error: ServerError) -> None:
        self._failures += 1
        until = time.monotonic() + back_off(self._failures, error)
        while (left := until - time.monotonic()) > 0:
            self._health.beat()
            self._stop.pause(min(left, 1.0))


def back_off(failures: int, error: ServerError) -> float:
    """Seconds to wait after so many failures in a row: 1 to 60, or what the server asked for."""
    if isinstance(error, TemporaryServerError):
        if error.retry_after is not None:
            return error.retry_after
        return min(2.0 ** min(failures - 1, 6), LONGEST_BACK_OFF_SECONDS) * random.uniform(0.5, 1.0)
    return LONGEST_BACK_OFF_SECONDS
