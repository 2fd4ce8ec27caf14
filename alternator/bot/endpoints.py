"""The vision endpoints that a bot's accounts ask, each known once.

Accounts that ask the same endpoint share what is known of its failures
(``alternator/alt_text/breaker.py``): while it fails as a whole, one picture is sent to find out,
not one for each account.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from alternator.alt_text.breaker import nothing_waits
from alternator.alt_text.budget import DailyBudget, Ledger, LedgerInMemory, Refused, nobody_is_told
from alternator.alt_text.vision import VisionClient
from alternator.config.models import VisionSettings
from alternator.progress import Progress

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, eq=False)
class Waiting:
    """What waits for an endpoint, by account; calling it makes all of that due."""

    by_account: dict[str, Callable[[], int]] = field(default_factory=dict)

    def __call__(self) -> int:
        """How many attachments that are."""
        return sum(make_due() for make_due in tuple(self.by_account.values()))


class Endpoints:
    """For the thread that puts the accounts together; the clients are for their own threads.

    ``ledger`` is where the tokens are written down that all accounts use together; ``refused`` is
    told when none are left for today.
    """

    def __init__(self, ledger: Ledger | None = None, refused: Refused = nobody_is_told) -> None:
        self._refused = refused
        self._ledger = LedgerInMemory() if ledger is None else ledger
        self._budgets: dict[int, DailyBudget] = {}  # by their limits
        self._known: dict[tuple[str, str | None], tuple[VisionClient, Waiting]] = {}

    def used_up(self, settings: VisionSettings) -> str:
        """That the day's tokens are used up, in words; empty while some are left."""
        budget = self._budgets.get(settings.daily_tokens)
        return "" if budget is None else budget.used_up()

    def client(
        self,
        settings: VisionSettings,
        progress: Progress,
        answers_again: Callable[[], int] = nothing_waits,
        *,
        account: str = "",
    ) -> VisionClient | None:
        """A client of the endpoint that an account's settings name; None if they name none.

        ``answers_again`` is told when it answers again after a failure.
        """
        if not settings.enabled:
            log.warning(
                "pictures: not described; set [vision] api_key, or base_url for an endpoint of "
                "your own"
            )
            return None
        limit = settings.daily_tokens
        if limit not in self._budgets:
            self._budgets[limit] = DailyBudget(limit, self._ledger, progress.clock, self._refused)
        budget = self._budgets[limit]
        key = (settings.base_url, settings.api_key)
        if key in self._known:
            first, waiting = self._known[key]
            client = first.beside(progress, settings, budget)
        else:
            waiting = Waiting()
            client = VisionClient(settings, progress=progress, answers_again=waiting, budget=budget)
            self._known[key] = client, waiting
        waiting.by_account[account] = answers_again
        log.info("pictures: %s at %s", settings.vision_models[0], client.name)
        return client
