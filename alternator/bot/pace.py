"""The operator's own hourly budget: what is over it waits, and nothing is lost.

Beside the server's limit (``alternator/mastodon/rate_budget.py``), which holds whatever this one
says. A post is the unit: one that was begun is described whole, with one edit.
"""

from contextlib import suppress

from alternator.clock import Clock
from alternator.config.conduct import PaceSettings
from alternator.errors import TemporaryStateError
from alternator.store.ledger import Ledger


class Pace:
    """What an hour still has room for. For the main thread."""

    def __init__(self, settings: PaceSettings, ledger: Ledger, clock: Clock) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock

    def seconds_left(self) -> float:
        """How long to wait before the next post is begun; 0 if there is no need to."""
        now = self._clock.now()
        waits = [0.0]
        if most := self._settings.edits_per_hour:
            waits.append(self._ledger.room_at("edit", most) - now)
        if most := self._settings.descriptions_per_hour:
            waits.append(self._ledger.room_at("description", most) - now)
        return max(waits)

    def made(self, texts: int) -> None:
        """So many texts were made."""
        if self._settings.descriptions_per_hour and texts:
            self._ledger.spend("description", texts)

    def edited(self) -> None:
        """A post was edited, or answered. No error: what was edited is edited."""
        if self._settings.edits_per_hour:
            with suppress(TemporaryStateError):
                self._ledger.spend("edit")
