"""``alternator run --once``: catch up, describe what is due, and end."""

from dataclasses import replace
from math import inf

from alternator.bot.failures import Failures
from alternator.bot.halt import HaltNotice
from alternator.bot.parts import Parts
from alternator.bot.watch import rate_limit_left
from alternator.bot.work import Tally
from alternator.errors import ServerError, StateError, TemporaryServerError
from alternator.mastodon import server_errors
from alternator.mastodon.client import LONGEST_WAIT_SECONDS
from alternator.progress_line import LINE
from alternator.store.outcomes import Claim

# How long after the last thing that happened it waits for files that the server is still
# processing, and for posts that were put back.
PATIENCE_SECONDS = 30.0
SHORTEST_WAIT_SECONDS = 0.5
# How often it tries again in a row what the server does not answer for any post.
ATTEMPTS = 4


class SinglePass:
    """One pass through one account's posts. For the main thread."""

    def __init__(self, parts: Parts) -> None:
        self._account = parts.account
        self._finder = parts.finder
        self._work = parts.work
        self._pace = parts.pace
        self._chores = parts.chores
        self._errands = parts.errands
        self._wake = parts.wake
        self._progress = parts.progress
        self._stop = parts.stop
        self._clock = parts.stop.clock
        self._failures = Failures()
        self._waiting: dict[str, tuple[str, ...]] = {}  # the posts that were put back: attachments
        self._refusal: ServerError | None = None  # why the last one was
        self._tally_before = Tally()
        self._patient_until = 0.0  # monotonic seconds
        self._longest: float = LONGEST_WAIT_SECONDS
        self._is_held_back = False  # what waits, since the rest of the limit is the author's

    def run(self, *, patient: bool = False) -> Tally:
        """Go through the posts; what came of it. ``patient``: whatever the limits ask to wait.

        ``failed`` in it counts also what is still put back at the end, and what is not described
        because editing is halted, or because the rest of the server's limit is the author's.

        Raises:
            ServerError: the server can't be asked, asks to wait for too long, or did not answer
                for any post.
        """
        self._longest = inf if patient else LONGEST_WAIT_SECONDS
        if LINE.is_seen:  # else nothing need be counted for it
            self._progress.watched_by(self._show)
        self._chores.do_all()  # what was approved meanwhile is described in this pass
        trouble = self._look()
        self._be_patient()
        try:
            halted = self._describe_all()
        finally:
            self._work.leave()
        self._chores.do_all()
        tally, undone = self._work.tally, self._work.undone
        if halted or self._is_held_back:
            waiting = self._account.state.counts().get("waiting", 0) - len(undone)
        else:
            waiting = len({key for keys in self._waiting.values() for key in keys} - undone)
        if trouble is not None:
            raise trouble
        if self._refusal is not None and not tally.described + tally.left + tally.failed:
            raise self._refusal  # nothing came of the pass but this
        return replace(tally, failed=tally.failed + waiting)

    def _show(self) -> None:
        """How far the pass is, on a terminal."""
        try:
            counts = self._account.state.counts()
        except StateError:  # nothing that the pass would end for
            return
        tally = self._work.tally
        ended = tally.described + tally.left + tally.failed
        left = counts.get("waiting", 0) + counts.get("claimed", 0)
        LINE.bar(ended, ended + left, f"attachments of {self._account.name}")

    def _describe_all(self) -> bool:
        """Describe one post after the other; whether editing was halted before the end."""
        halt = HaltNotice(self._account.state, self._clock)
        while not halt.stands():
            self._wait_for_rate_limit()
            if self._errands.do_next():
                continue
            if self._is_over_budget():
                return False
            claim = self._work.claim(backfill=self._account.budget.reserve_left() == 0)
            if claim is not None:
                self._describe(claim)
            elif self._work.transcribes:
                self._progress.beat()
                self._stop.wait(self._wake, SHORTEST_WAIT_SECONDS)
                self._wake.clear()
            elif not self._wait_for_more():
                return False
        while self._errands.do_next():
            pass  # each is refused with the reason
        return True

    def _is_over_budget(self) -> bool:
        """Whether the rest is left to a later pass, for the operator's own budget."""
        left, due = self._pace.seconds_left(), self._account.state.next_due()
        if left <= 0 or due is None or due > self._clock.now():
            return False
        self._is_held_back = left > self._longest
        if not self._is_held_back:
            self._progress.pause(left)
            self._be_patient()
        return self._is_held_back

    def _wait_for_more(self) -> bool:
        """Wait until the next post is due, if that is soon; whether it is worth looking again."""
        if (due := self._account.state.next_due()) is None:
            return False
        if self._work.tally != self._tally_before:
            self._tally_before = replace(self._work.tally)
            self._be_patient()
        # A clock that was set back makes what is due now seem due long since.
        wait = max(due - self._clock.now(), SHORTEST_WAIT_SECONDS)
        reserve = self._account.budget.reserve_left()
        if reserve > 0 and due <= self._clock.now():
            # Only older posts are due. They are done by a later pass, if it is not soon.
            self._is_held_back = reserve > self._longest
            if self._is_held_back:
                return False
            self._progress.pause(reserve)
            self._be_patient()
            return True
        if self._clock.monotonic() + wait > self._patient_until:
            return False
        self._progress.pause(wait)
        return True

    def _be_patient(self) -> None:
        self._patient_until = self._clock.monotonic() + PATIENCE_SECONDS

    def _look(self) -> TemporaryServerError | None:
        """Look through the posts to the end; what kept it from going on, if anything did."""
        while True:
            look = self._finder.look()
            self._account.health.recovered()
            if look.trouble is not None or not look.more:
                return look.trouble

    def _wait_for_rate_limit(self) -> None:
        left = rate_limit_left(self._account)
        if left > self._longest:
            raise server_errors.busy(self._account.settings.instance_url, left)
        if left > 0:
            self._progress.pause(left)

    def _describe(self, claim: Claim) -> None:
        """Describe a post. ServerError if the server seems to fail for all of them."""
        try:
            done = self._work.describe(claim)
        except ServerError as error:
            self._waiting[claim.status_id] = claim.attachment_ids
            self._refusal = error
            self._be_patient()  # it is put back for longer each time, and so not for ever
            if rate_limit_left(self._account) > 0:
                return
            pause = self._failures.pause_after(claim.status_id, error)
            if pause and self._failures.times >= ATTEMPTS:
                raise
            self._progress.pause(pause)
        else:
            if not done:
                return
            self._failures.clear()
            self._waiting.pop(claim.status_id, None)
        self._progress.pause(self._account.settings.backfill_pause if claim.backfill else 0.0)
