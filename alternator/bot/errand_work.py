"""Does what a person asked for on the dashboard; for the main thread, between two posts."""

import logging
from typing import assert_never

from alternator.accounts.errands import Errand, Errands
from alternator.bot.other_bot import OtherBot
from alternator.bot.rewrite import rewrite
from alternator.bot.undo import Undo
from alternator.errors import AlternatorError, PostBusyError, StateError, TemporaryStateError

log = logging.getLogger(__name__)


class ErrandWork:
    """The errands of one account, and what carries them out; ``other_bot`` is told of new words."""

    def __init__(self, errands: Errands, undo: Undo, other_bot: OtherBot) -> None:
        self._errands = errands
        self._undo = undo
        self._other_bot = other_bot

    def do_next(self) -> bool:
        """Do the next errand that can be done now; whether there was one. StateError.

        One of a post that is at work waits: this thread ends that work, if it goes on. What was
        begun is never tried again by itself: a person sees what became of it.
        """
        busy: set[str] = set()
        while (errand := self._errands.next(busy)) is not None:
            if not self._undo.state.history.is_busy(errand.status_id) and self._ended(errand):
                return True
            busy.add(errand.status_id)
        return False

    def _ended(self, errand: Errand) -> bool:
        """Do an errand and tell its end. False where its post is at work all the same."""
        where = f"attachment {errand.attachment_id} of post {errand.status_id}"
        why = ""
        try:
            self._do(errand)
            log.info("dashboard: %s of %s is done", errand.kind, where)
        except PostBusyError:
            return False
        except TemporaryStateError as error:
            why = str(error)
        except StateError:
            raise
        except AlternatorError as error:
            why = str(error)
        except Exception as error:
            # A defect of ours must cost no more than this errand.
            log.exception("dashboard: %s of %s failed", errand.kind, where)
            self._errands.end(errand, f"unexpected {type(error).__name__}")
            return True
        if why:
            log.warning("dashboard: %s of %s was not done: %s", errand.kind, where, why)
        self._errands.end(errand, why)
        return True

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
