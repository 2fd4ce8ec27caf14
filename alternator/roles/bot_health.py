"""How a watcher is: whether it holds its share of the accounts, and how their servers are."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from alternator.bot.answers import Answer, Answers, of_troubles
from alternator.roles.account_watch import AccountWatch
from alternator.roles.opening import troubles_of
from alternator.store.interface import Store


class Watching(Protocol):
    """What is asked: ``alternator.roles.bot_command.BotRole``."""

    @property
    def watches(self) -> Sequence[AccountWatch]: ...

    @property
    def holds(self) -> bool: ...


class BotHealth:
    """Asked by the threads that answer over HTTP."""

    def __init__(self, store: Store, bot: Watching) -> None:
        self._store = store
        self._bot = bot

    def facts(self) -> Mapping[str, object]:
        """What stands in the cluster's list of processes."""
        watches = self._bot.watches
        return {
            "accounts": len(watches),
            "signed_in": sum(one.account.is_signed_in for one in watches),
            "streams": sum(one.is_streaming for one in watches),
            "failing": sum(one.account.health.report.failing for one in watches),
        }

    def report(self) -> tuple[int, Mapping[str, object]]:
        """HTTP status and body for ``alternator health``.

        Nothing that is wrong here is mended by a restart: the database or servers are away.
        """
        obstacles = self._obstacles()
        status = obstacles[0] if obstacles else "ok"
        return 200, {"status": status, "role": "bot", **self.facts()}

    def answers(self) -> Answers:
        """What is answered to an orchestrator."""

        def alive() -> Answer:
            return of_troubles([], "alive")

        def ready() -> Answer:
            return of_troubles(self._obstacles(), "ready")

        return {"/healthz": alive, "/readyz": ready}

    def _obstacles(self) -> list[str]:
        found = [] if self._bot.holds else ["no share of the accounts is held yet"]
        return found + troubles_of(self._store)
