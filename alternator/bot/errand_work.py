"""Does what a person asked for on the dashboard; for the main thread, between two posts."""

import logging
from typing import assert_never

from alternator.bot.cut_short import was_carried_out
from alternator.bot.other_bot import OtherBot
from alternator.bot.rewrite import rewrite
from alternator.bot.undo import Undo
from alternator.errors import AlternatorError, PostBusyError, StateError, TemporaryServerError
from alternator.store.errands import Errand, KeptErrand

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 60.0


class ErrandWork:
    """What carries out the errands of one account; ``other_bot`` is told of new words."""

    def __init__(self, undo: Undo, other_bot: OtherBot) -> None:
        self._undo = undo
        self._other_bot = other_bot
        self._next_look = 0.0  # at what was cut short; monotonic seconds

    def do_next(self) -> bool:
        """Do the next errand that can be done now; whether there was one. StateError.

        One of a post that is at work waits: this thread ends that work, if it goes on. Nothing is
        waited for where nothing is edited any more: the errand is refused. What was begun and cut
        short, by the end of the bot or by a disk that was full, is done again only if its post
        shows that it was not done.
        """
        state = self._undo.state
        busy: set[str] = set()
        while (kept := state.errands.next(busy)) is not None:
            post = kept.errand.status_id
            is_halted = state.halted() is not None  # asked only where something waits
            if (is_halted or not state.history.is_busy(post)) and self._ended(kept):
                return True
            busy.add(post)
        return False

    def do(self, number: int) -> None:
        """Do one errand, by its number, if it still waits: for who holds the lock of its post.

        Where its post can't be had now, it goes on to wait.
        """
        kept = self._undo.state.errands.get(number)
        if kept is None:
            return
        # What a process that died was at with the post is over: its lock is ours.
        claim = self._undo.state.claim_of(kept.errand.status_id)
        if claim is not None:
            self._undo.state.release(claim)
        self._ended(kept)

    def _ended(self, kept: KeptErrand) -> bool:
        """Do an errand and tell its end. False where its post can't be had now."""
        errand, errands = kept.errand, self._undo.state.errands
        where = f"attachment {errand.attachment_id} of post {errand.status_id}"
        why = ""
        try:
            if kept.begun and self._was_done(kept):
                log.info("dashboard: %s of %s was done when the bot ended", errand.kind, where)
            else:
                self._undo.may_change()
                errands.begin(kept.number)
                self._do(errand)
                log.info("dashboard: %s of %s is done", errand.kind, where)
        except PostBusyError:
            return False
        except StateError:
            raise
        except AlternatorError as error:
            # What another process made of the post meanwhile is no end of this errand.
            self._undo.may_change()
            why = str(error)
            log.warning("dashboard: %s of %s was not done: %s", errand.kind, where, why)
        except Exception as error:
            # A defect of ours must cost no more than this errand.
            log.exception("dashboard: %s of %s failed", errand.kind, where)
            why = f"unexpected {type(error).__name__}"
        self._undo.may_change()
        errands.end(kept.number, why)
        return True

    def _was_done(self, kept: KeptErrand) -> bool:
        """Whether what was cut short is done. PostBusyError while nobody can tell."""
        clock = self._undo.stop.clock
        if clock.monotonic() < self._next_look:
            raise PostBusyError(f"post {kept.errand.status_id} could not be looked at just now")
        try:
            return was_carried_out(self._undo, kept)
        except TemporaryServerError as error:
            self._next_look = clock.monotonic() + LOOK_AGAIN_SECONDS
            raise PostBusyError(str(error)) from None

    def _do(self, errand: Errand) -> None:
        undo = self._undo
        match errand.kind:
            case "rewrite":
                words = {errand.attachment_id: errand.text}
                rewrite(undo, errand.status_id, words, self._other_bot)
            case "undo" | "again":
                plan = undo.plan(errand.status_id, errand.attachment_id)
                gone = undo.carry_out(plan, alone=False)
                if errand.kind == "again" and errand.attachment_id in gone:
                    undo.state.listing.retry(errand.status_id, errand.attachment_id)
            case _:
                assert_never(errand.kind)
