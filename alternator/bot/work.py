"""The work on one claimed post: describe it, write down what became of it, and say so."""

import logging
from dataclasses import dataclass

from alternator.accounts.account import Account
from alternator.bot.describe import Describer, Draft
from alternator.bot.health import Health
from alternator.errors import (
    DamageError,
    ServerError,
    StateError,
    TemporaryMediaError,
    TemporaryServerError,
)
from alternator.stopping import Stop, Stopping
from alternator.store.outcomes import Claim, Outcome, left_alone, to_retry

log = logging.getLogger(__name__)

# How long a post waits until all of its files are processed, so that one edit will do.
PROCESSING_SECONDS = 3600.0
# How long a post waits that is claimed although nothing is edited any more.
HALTED_SECONDS = 60.0
# How many texts are kept that an outage kept from being written; made again, they would cost.
MOST_DRAFTS = 200


@dataclass(kw_only=True)
class Tally:
    """How many attachments were described, left alone and not described (yet), each counted once.

    One that is looked at again, to make sure that it is to be left alone, is not counted yet.
    """

    described: int = 0
    left: int = 0
    failed: int = 0


class Work:
    """Describes one post after the other. For the main thread alone, as all that it keeps is.

    ``failures`` counts how often in a row the server did not answer.
    """

    def __init__(self, account: Account, describer: Describer, health: Health, stop: Stop) -> None:
        self._account = account
        self._describer = describer
        self._health = health
        self._stop = stop
        # What an outage kept from being written, so that no clip is transcribed twice for it.
        self._drafts: dict[Claim, Draft] = {}
        self.failures = 0
        self.tally = Tally()
        self._undone: set[str] = set()  # attachments counted as failed that are tried again

    def describe(self, claim: Claim) -> None:
        """Describe one post and write down the outcomes. ServerError gives the claim back."""
        clock = self._stop.clock
        state = self._account.state
        if state.halted() is not None:
            # Whoever claims asks as well; here it is made sure.
            state.release(claim, wait=HALTED_SECONDS)
            return
        started = clock.monotonic()
        try:
            draft = self._draft_of(claim)
            # What was edited must be written down: no signal in between.
            with self._stop.shielded():
                outcomes = self._published(draft)
                self._finish(claim, outcomes, clock.monotonic() - started)
        except Stopping:
            state.release(claim)  # changes nothing where the outcomes are written down already
            raise
        except StateError:
            raise
        except TemporaryMediaError as error:
            state.release(claim, wait=error.retry_after or 0.0)
        except ServerError as error:
            self._put_back(claim, error)
        except Exception as error:
            # A defect of ours must cost no more than this post.
            log.exception("describing post %s failed", claim.status_id)
            reason = f"unexpected {type(error).__name__}: {error}"
            outcomes = [to_retry(key, reason) for key in claim.attachment_ids]
            self._finish(claim, outcomes, clock.monotonic() - started)

    def _published(self, draft: Draft) -> list[Outcome]:
        """The outcomes of a draft, written into its status. Halts the account on a damage."""
        try:
            return self._describer.publish(draft)
        except DamageError as error:
            # First of all: whatever fails from here on, no other post is edited.
            self._account.state.halt(str(error))
            log.error(
                "%s. Nothing of %s is edited any more. Restore the post from its history (its web "
                "page shows it), report this with the server's name and version, and start with "
                "--resume-editing once it is settled",
                error,
                self._account.name,
            )
            reason = f"its edit changed more than descriptions: {', '.join(error.fields)}"
            return [*draft.outcomes, *(left_alone(key, reason) for key in draft.texts)]

    def _put_back(self, claim: Claim, error: ServerError) -> None:
        """Put a post back that the server failed for, and raise that, unless it is given up.

        Whatever step it failed at counts as the edit's failure: only while other posts are edited.
        A server that asks to wait has failed at nothing.
        """
        self.failures += 1
        asks_to_wait = isinstance(error, TemporaryServerError) and error.retry_after is not None
        wait = self._account.state.put_back(claim, edit_failed=not asks_to_wait)
        if wait is None:
            self._forget(claim.status_id)
            self.tally.failed += len(set(claim.attachment_ids) - self._undone)
            self._undone -= set(claim.attachment_ids)
            log.error("given up post %s: %s", claim.status_id, error)
            return
        log.debug("post %s is put back for %.0f s: %s", claim.status_id, wait, error)
        raise error

    def _draft_of(self, claim: Claim) -> Draft:
        """The texts for a claim: those that an outage kept from being written, or new ones."""
        draft = self._drafts.get(claim)
        if draft is None:
            age = self._stop.clock.now() - self._account.state.found_at(claim)
            draft = self._describer.prepare(claim, patient=age < PROCESSING_SECONDS)
            self._drafts[claim] = draft
            while len(self._drafts) > MOST_DRAFTS:
                del self._drafts[next(iter(self._drafts))]
        return draft

    def _forget(self, status_id: str) -> None:
        """A post is done with for now: drop what was kept of it."""
        self._drafts = {
            key: draft for key, draft in self._drafts.items() if key.status_id != status_id
        }

    def _finish(self, claim: Claim, outcomes: list[Outcome], seconds: float) -> None:
        """Write down what became of a claim."""
        state = self._account.state
        again = state.finish(claim, outcomes)
        self._forget(claim.status_id)
        self.failures = 0
        self._report(claim, outcomes, again, seconds)

    def _report(
        self, claim: Claim, outcomes: list[Outcome], again: list[Outcome], seconds: float
    ) -> None:
        """Log what became of each attachment."""
        waits = {outcome.attachment_id: outcome.retry_after for outcome in again}
        for outcome in outcomes:
            if outcome.attachment_id in self._undone:
                self._undone.remove(outcome.attachment_id)
                self.tally.failed -= 1
            where = f"post {claim.status_id}, attachment {outcome.attachment_id}"
            if outcome.state == "described":
                self.tally.described += 1
                self._health.succeeded()
                log.info("described %s, in %.1f s", where, seconds)
            elif outcome.state == "left" and outcome.attachment_id in waits:
                log.info(
                    "asked again in %.0f s whether this is so of %s: %s",
                    waits[outcome.attachment_id] or 0.0,
                    where,
                    outcome.reason,
                )
            elif outcome.state == "left":
                self.tally.left += 1
                log.info("left alone %s: %s", where, outcome.reason)
            elif (wait := waits.get(outcome.attachment_id)) is not None:
                self.tally.failed += 1
                self._undone.add(outcome.attachment_id)
                log.warning("failed %s, again in %.0f s: %s", where, wait, outcome.reason)
            else:
                self.tally.failed += 1
                log.error("given up %s: %s", where, outcome.reason)
