"""Does what a person asked for on the dashboard; for the main thread, between two posts."""

import logging
from typing import assert_never

from alternator.accounts.errands import Errand, Errands
from alternator.bot.rewrite import rewrite
from alternator.bot.undo import Undo
from alternator.errors import AlternatorError, StateError, TemporaryStateError

log = logging.getLogger(__name__)


class ErrandWork:
    """The errands of one account, and what carries them out."""

    def __init__(self, errands: Errands, undo: Undo) -> None:
        self._errands = errands
        self._undo = undo

    def do_next(self) -> bool:
        """Do the next errand, if there is one. StateError where the state file is damaged.

        An errand is never tried again by itself: a person sees what became of it.
        """
        errand = self._errands.next()
        if errand is None:
            return False
        where = f"attachment {errand.attachment_id} of post {errand.status_id}"
        try:
            self._do(errand)
        except (AlternatorError, TemporaryStateError) as error:
            if isinstance(error, StateError) and not isinstance(error, TemporaryStateError):
                raise
            log.warning("dashboard: %s of %s was not done: %s", errand.kind, where, error)
            self._errands.end(errand, str(error))
        except Exception as error:
            # A defect of ours must cost no more than this errand.
            log.exception("dashboard: %s of %s failed", errand.kind, where)
            self._errands.end(errand, f"unexpected {type(error).__name__}")
        else:
            log.info("dashboard: %s of %s is done", errand.kind, where)
            self._errands.end(errand)
        return True

    def _do(self, errand: Errand) -> None:
        undo = self._undo
        match errand.kind:
            case "rewrite":
                rewrite(undo, errand.status_id, errand.attachment_id, errand.text)
            case "undo" | "again":
                plan = undo.plan(errand.status_id, errand.attachment_id)
                gone = undo.carry_out(plan, alone=False)
                if errand.kind == "again" and errand.attachment_id in gone:
                    undo.state.listing.retry(errand.status_id, errand.attachment_id)
            case _:
                assert_never(errand.kind)
