# size: the whole way of a claimed post, from its texts to what became of it
"""The work on one claimed post: describe it, write down what became of it, and say so.

A post with speech is prepared in a thread of its own (``alternator/bot/speech_lane.py``) and comes
back for its edit: edits are made one after the other, by the main thread.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from alternator import tracing
from alternator.accounts.account import Account
from alternator.bot.draft import Describes, Draft, SpeechNeededError
from alternator.bot.health import Health
from alternator.bot.pace import Pace
from alternator.bot.speech_lane import Lane
from alternator.config.conduct import PaceSettings
from alternator.errors import (
    DamageError,
    ServerError,
    StateError,
    TemporaryMediaError,
    TemporaryServerError,
    TemporaryStateError,
)
from alternator.stopping import Stop, Stopping
from alternator.store.outcomes import Claim, Outcome, left_alone, to_retry

log = logging.getLogger(__name__)

# How long a post waits until all of its files are processed, so that one edit will do.
PROCESSING_SECONDS = 3600.0
HALTED_SECONDS = 60.0  # how long a claimed post waits once nothing is edited any more
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


# Told of each draft that was published, and what came of it.
OnPublished = Callable[[Claim, Draft, Sequence[Outcome]], None]


class Work:
    """Describes one post after the other. For the main thread alone, as all that it keeps is.

    ``lane`` makes the texts of those with speech meanwhile; ``pace`` is told what is spent.
    """

    # size: each comes from another owner: account, both threads' describers, operator, signals.
    def __init__(
        self,
        account: Account,
        describer: Describes,
        lane: Lane,
        health: Health,
        stop: Stop,
        *,
        pace: Pace | None = None,
    ) -> None:
        self._account = account
        self._describer = describer
        self._lane = lane
        self._health = health
        self._stop = stop
        self._pace = pace or Pace(PaceSettings(), account.state.ledger)
        # What an outage kept from being written, so that no clip is transcribed twice for it.
        self._drafts: dict[Claim, Draft] = {}
        self.tally = Tally()
        self.on_published: OnPublished | None = None
        self.undone: set[str] = set()  # attachments counted as failed that are tried again

    @property
    def transcribes(self) -> bool:
        """Whether a post with speech is at work, or waits for its edit."""
        return self._lane.busy

    def claim(self, *, backfill: bool = True) -> Claim | None:
        """The post to go on with: one whose speech is transcribed, else the next one that is due.

        None with speech while another such post is at work.
        """
        return self._lane.ended or self._account.state.claim(
            backfill=backfill, speech=not self._lane.busy
        )

    def describe(self, claim: Claim) -> bool:
        """Describe one post and write down the outcomes. ServerError gives the claim back.

        Returns whether it is done with for now: False for one with speech, which is at work from
        now on.
        """
        server = self._account.settings.instance_url
        with tracing.of_post("describe", server, claim.status_id, backfill=claim.backfill):
            return self._describe(claim)

    def _describe(self, claim: Claim) -> bool:
        clock = self._stop.clock
        state = self._account.state
        started = clock.monotonic()
        try:
            if self._lane.ended is claim:
                started = self._taken(claim)
            if state.halted() is not None:
                # Whoever claims asks as well; here it is made sure.
                state.release(claim, wait=HALTED_SECONDS)
                return True
            draft = self._draft_of(claim)
            if draft is None:
                return False
            # What was edited must be written down: no signal in between.
            with self._stop.shielded(), state.editing(claim) as is_ours:
                if is_ours:
                    self._publish(claim, draft, started)
                else:
                    log.info("post %s is left to the process that took it over", claim.status_id)
        except Stopping:
            state.release(claim)  # changes nothing where the outcomes are written down already
            raise
        except TemporaryStateError:
            # Nobody else would: what could not be written down is asked of the server again.
            with suppress(TemporaryStateError):
                state.release(claim)
            raise
        except StateError:
            raise
        except SpeechNeededError as needed:
            # It was not known when it was found; from now on it is.
            state.release(claim, speech=needed.attachment_ids)
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
        return True

    def leave(self) -> None:
        """On the way out: give back the claim on a post whose speech is at work."""
        claim = self._lane.leave()
        if claim is not None:
            with suppress(StateError):  # the next start frees it
                self._account.state.release(claim)

    def _publish(self, claim: Claim, draft: Draft, started: float) -> None:
        """Publish a draft, and write down and say what came of it; later, where the hour's edits
        were used up while it was made."""
        wait = self._pace.seconds_until_edit()
        if wait > 0:
            self._account.state.release(claim, wait=wait)
            return
        with tracing.span("edit"):
            outcomes = self._published(draft)
        self._finish(claim, outcomes, self._stop.clock.monotonic() - started)
        if self.on_published is not None:
            self.on_published(claim, draft, outcomes)

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
        asks_to_wait = isinstance(error, TemporaryServerError) and error.retry_after is not None
        wait = self._account.state.put_back(claim, edit_failed=not asks_to_wait)
        if wait is None:
            self._forget(claim.status_id)
            self._account.state.drafts.settle(claim.status_id)
            self.tally.failed += len(set(claim.attachment_ids) - self.undone)
            self.undone -= set(claim.attachment_ids)
            log.error("given up post %s: %s", claim.status_id, error)
            return
        log.debug("post %s is put back for %.0f s: %s", claim.status_id, wait, error)
        raise error

    def _draft_of(self, claim: Claim) -> Draft | None:
        """The texts for a claim: those that an outage kept from being written, or new ones.

        None if they are made in the lane, from now on.
        """
        draft = self._drafts.get(claim)
        if draft is None:
            age = self._stop.clock.now() - self._account.state.found_at(claim)
            patient = age < PROCESSING_SECONDS
            if claim.speech:
                self._lane.begin(claim, patient=patient)
                return None
            with tracing.span("prepare"):
                draft = self._describer.prepare(claim, patient=patient, speech=False)
            self._keep(claim, draft)
        return draft

    def _taken(self, claim: Claim) -> float:
        """Keep what the lane made for a claim; returns when it began. Raises what failed there."""
        piece = self._lane.take()
        self._keep(claim, piece.draft.result())
        return piece.began

    def _keep(self, claim: Claim, draft: Draft) -> None:
        self._drafts[claim] = draft
        if draft.approved is None:
            self._pace.made(sum(map(bool, draft.texts.values())))
        while len(self._drafts) > MOST_DRAFTS:
            del self._drafts[next(iter(self._drafts))]

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
        if any(entry.state == "described" and not entry.earlier for entry in outcomes):
            self._pace.edited()
        if claim.speech and any(entry.state == "described" for entry in outcomes):
            # What hears is there: nothing waits on for that.
            with suppress(TemporaryStateError):
                state.make_deferred_due(speech=True)
        state.drafts.settle(claim.status_id)
        self._report(claim, outcomes, again, seconds)

    def _report(
        self, claim: Claim, outcomes: list[Outcome], again: list[Outcome], seconds: float
    ) -> None:
        """Log what became of each attachment."""
        waits = {outcome.attachment_id: outcome.retry_after for outcome in again}
        for outcome in outcomes:
            if outcome.attachment_id in self.undone:
                self.undone.remove(outcome.attachment_id)
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
                self.undone.add(outcome.attachment_id)
                log.warning("failed %s, again in %.0f s: %s", where, wait, outcome.reason)
            else:
                self.tally.failed += 1
                log.error("given up %s: %s", where, outcome.reason)
