"""The operator's own hourly budget: what is over it waits, and nothing is lost.

Beside the server's limit (``alternator/mastodon/rate_budget.py``), which holds whatever this one
says. A post is the unit: one that was begun is described whole, with one edit.
"""

from contextlib import suppress
from math import ceil

from alternator.config.conduct import PaceSettings
from alternator.errors import TemporaryStateError
from alternator.store.ledger import Ledger


class Pace:
    """What an hour still has room for. For the main thread."""

    def __init__(self, settings: PaceSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger

    def seconds_left(self) -> float:
        """How long to wait before the next post is begun; 0 if there is no need to."""
        waits = [0.0]
        if most := self._settings.edits_per_hour:
            waits.append(self._ledger.seconds_until_room("edit", most))
        if most := self._settings.descriptions_per_hour:
            waits.append(self._ledger.seconds_until_room("description", most))
        return max(waits)

    def seconds_until_edit(self) -> float:
        """How long no post is to be edited, whoever has edited one meanwhile; 0 if one may be."""
        most = self._settings.edits_per_hour
        return self._ledger.seconds_until_room("edit", most) if most else 0.0

    def used_up(self) -> str:
        """That the hour has no room for a post, in words; empty while it has."""
        settings, wait = self._settings, self.seconds_left()
        if not wait:
            return ""
        limits = (
            f"edits_per_hour = {settings.edits_per_hour}, "
            f"descriptions_per_hour = {settings.descriptions_per_hour}"
        )
        return (
            f"the budget of this hour is used up ([pace] {limits}); posts wait, the next one for "
            f"{ceil(wait / 60)} min"
        )

    def made(self, texts: int) -> None:
        """So many texts were made."""
        if self._settings.descriptions_per_hour and texts:
            self._ledger.spend("description", texts)

    def edited(self) -> None:
        """A post was edited, or answered. No error: what was edited is edited."""
        if self._settings.edits_per_hour:
            with suppress(TemporaryStateError):
                self._ledger.spend("edit")
