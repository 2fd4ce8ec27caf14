"""One job of the queue: the work on one post, whose lock the worker holds meanwhile.

What a job needs to know stands in the state, which it looks at anew: a job may come twice, late, or
for a post that is done with, and then there is nothing to do. What is to be tried again is written
into the state as ever, and the database makes the next job of it (docs/scaling.md).
"""

import logging
import threading
from contextlib import suppress

from alternator.errors import (
    AccountGoneError,
    AlternatorError,
    ServerError,
    StateError,
    TemporaryServerError,
)
from alternator.log import of_account
from alternator.roles.desk import Desk
from alternator.roles.desks import Desks
from alternator.roles.hearing import Hearing
from alternator.stopping import Stopping
from alternator.store.outcomes import Claim

log = logging.getLogger(__name__)

# After which an account is tried again that its server refused, and one that can't be reached.
REFUSED_SECONDS = 300.0
UNREACHABLE_SECONDS = 30.0
# How long a post with speech waits for another worker, where it came to one that failed at it.
TO_OTHERS_SECONDS = 30.0


class PostJobs:
    """Does the jobs of posts and errands. For any thread.

    ``hearing`` is how its transcriber does; None where this worker has none.
    """

    def __init__(self, desks: Desks, hearing: Hearing | None) -> None:
        self._desks = desks
        self._hearing = hearing
        self._lock = threading.Lock()
        self._under_way: dict[tuple[int, str], tuple[Desk, Claim]] = {}

    def describe(self, account: int, status_id: str) -> None:
        """Describe a post, if there is anything to do. StateError while the database is gone."""
        desk = self._desks.of(account)
        if desk is None:
            log.debug("post %s is left: nothing is done for account %d", status_id, account)
            return
        with_name = of_account.set(desk.config.account)
        try:
            claim = desk.state.claim_of(status_id)
            if claim is not None:
                self._begin(desk, claim)
        except AccountGoneError as error:
            log.debug("post %s is left: %s", status_id, error)
        finally:
            of_account.reset(with_name)

    def abandon(self, account: int, status_id: str) -> None:
        """Give a post back whose work hangs; that can't edit it any more (``editing``)."""
        with self._lock:
            found = self._under_way.pop((account, status_id), None)
        if found is not None:
            desk, claim = found
            with suppress(StateError):
                desk.state.release(claim)

    def errand(self, account: int, number: int) -> None:
        """Do what a person asked for. StateError while the database is gone."""
        desk = self._desks.of(account)
        if desk is None:
            return
        with_name = of_account.set(desk.config.account)
        try:
            with desk.hand() as hand:
                hand.errands.do(number)
        except ServerError as error:
            # Not signed in: it goes on to wait, and gets another job.
            log.warning("an errand waits: %s", error)
            desk.refused(error, UNREACHABLE_SECONDS)
        except AccountGoneError as error:
            log.debug("an errand is left: %s", error)
        except StateError:
            raise
        except AlternatorError as error:
            log.error("an errand waits: %s", error)
        finally:
            of_account.reset(with_name)

    def abandon_all(self) -> None:
        """The same for all that is under way."""
        with self._lock:
            posts = list(self._under_way)
        for account, status_id in posts:
            self.abandon(account, status_id)

    def _begin(self, desk: Desk, claim: Claim) -> None:
        """Describe a claimed post, which may be given up from outside (``abandon``) meanwhile."""
        post = desk.state.key, claim.status_id
        with self._lock:
            self._under_way[post] = desk, claim
        try:
            self._work_on(desk, claim)
        finally:
            with self._lock:
                self._under_way.pop(post, None)

    def _work_on(self, desk: Desk, claim: Claim) -> None:
        """Describe a claimed post, or give it back for a reason that is not the post's."""
        wait = desk.seconds_left(backfill=claim.backfill)
        if wait > 0:
            desk.state.release(claim, wait=wait)
            return
        if claim.speech and self._hearing is None:
            # It was not known to be when the job was made: the next job goes to those who hear.
            desk.state.release(claim, speech=claim.attachment_ids)
            return
        if self._is_left_to_others(desk, claim):
            return
        try:
            self._describe(desk, claim)
        finally:
            if claim.speech and self._hearing is not None:
                self._hearing.ended((desk.state.key, claim.status_id))

    def _describe(self, desk: Desk, claim: Claim) -> None:
        """The work itself."""
        try:
            with desk.hand() as hand:
                pace = hand.pace.seconds_left()
                if pace > 0:
                    desk.state.release(claim, wait=pace)
                    return
                while not hand.work.describe(claim):
                    pass
            desk.answered()
        except ServerError as error:
            self._failed(desk, claim, error)
        except Stopping:
            with suppress(StateError):  # in vain where the work has given it back
                desk.state.release(claim)
        except StateError:
            raise
        except AlternatorError as error:
            # The account's configuration can't be used: its prompts, say.
            log.error("%s", error)
            desk.state.release(claim, wait=REFUSED_SECONDS)

    def _is_left_to_others(self, desk: Desk, claim: Claim) -> bool:
        """Give a post with speech back that another worker is more likely to hear."""
        if not claim.speech or self._hearing is None:
            return False
        post = desk.state.key, claim.status_id
        if self._hearing.leaves(post):
            desk.state.release(claim, wait=TO_OTHERS_SECONDS)
            return True
        if not self._hearing.begins(post):
            desk.state.release(claim)  # this worker takes none now
            return True
        return False

    def _failed(self, desk: Desk, claim: Claim, error: ServerError) -> None:
        """The server did not answer for a post, or not to the account at all."""
        if desk.account.is_signed_in:
            # The work has put the post back.
            pause = desk.failed(claim.status_id, error)
            log.debug("post %s waits; the account for %.0f s", claim.status_id, pause)
            return
        temporary = isinstance(error, TemporaryServerError)
        wait = UNREACHABLE_SECONDS if temporary else REFUSED_SECONDS
        desk.refused(error, wait)
        desk.state.release(claim, wait=wait)
