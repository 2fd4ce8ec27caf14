"""Accounts as the database knows them, for pages of a process that works for none of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from alternator.accounts.health import ServerReport
from alternator.config.settings import Config
from alternator.dashboard.watched import Condition, Watched
from alternator.members.choices import choices_of
from alternator.members.config_of import shown_config_of
from alternator.members.credentials import name_of
from alternator.members.limits import Limits
from alternator.members.states import States
from alternator.roles.account_config import key_of
from alternator.store.cluster import GONE_SECONDS, Cluster, Enrolled, Process
from alternator.store.interface import AccountState
from alternator.store.outcomes import AttachmentState

# So long after it was enrolled an account need not be watched yet.
SOON_SECONDS = 60.0
NOBODY = "no bot watches it now; start one (`alternator bot`), or look why it ended"


@dataclass(frozen=True, kw_only=True)
class StoredAccount:
    """``alternator.dashboard.watched.Seen`` of an account that another process works for."""

    entry: Enrolled
    known: AccountState | None
    limits: Limits

    @property
    def is_signed_in(self) -> bool:
        """Whether it ever was."""
        return self.known is not None

    @property
    def name(self) -> str:
        """user@server"""
        return name_of(self.entry)

    @property
    def state(self) -> AccountState:
        """What is remembered of its posts."""
        assert self.known is not None, "it was signed in"
        return self.known

    @property
    def halted(self) -> str | None:
        """Why nothing of it is edited any more."""
        return None if self.known is None else self.known.halted()

    @property
    def description_limit(self) -> int:
        """The server's limit for descriptions, in characters."""
        return self.limits.get(self.entry.server)

    def queue(self) -> Mapping[AttachmentState, int]:
        """Number of attachments by state."""
        return {} if self.known is None else self.known.counts()


class StoredAccounts:
    """``alternator.dashboard.pages.Elsewhere``: by the numbers of their rows."""

    # size: what is configured, what is kept where, the time.
    def __init__(
        self,
        base: Config,
        configured: Sequence[Config],
        cluster: Cluster,
        states: States,
        limits: Limits,
        now: Callable[[], float],
    ) -> None:
        self.base = base
        self._configured = {key_of(one): one for one in configured}
        self._cluster = cluster
        self._states = states
        self._limits = limits
        self._now = now

    def get(self, number: int) -> Watched | None:
        """One of them."""
        entry = self._cluster.enrolment.of_account(number) if number else None
        return None if entry is None else self.of(entry)

    def of(self, entry: Enrolled) -> Watched:
        """An enrolled one."""
        seen = StoredAccount(
            entry=entry, known=self._states.get(entry.account), limits=self._limits
        )
        return Watched(
            config=self._config(entry), account=seen, condition=lambda: self._condition(seen)
        )

    def _config(self, entry: Enrolled) -> Config:
        """The settings in effect for it, without its token."""
        found = self._configured.get(entry.key)
        if found is not None:
            return found
        signup = self.base.signup
        choices = choices_of(entry.settings, signup, name_of(entry))
        return shown_config_of(self.base, entry, choices)

    def _condition(self, seen: StoredAccount) -> Condition:
        entry, now = seen.entry, self._now()
        there = watcher_of(entry, self._cluster.processes.seen(), now)
        is_new = now - entry.created < SOON_SECONDS
        last = None
        if seen.known is not None:
            last = next(iter(seen.known.listing.page(["described"], most=1)), None)
        return Condition(
            trouble="" if there or entry.paused or is_new else NOBODY,
            starting=there is None and is_new and not entry.paused,
            paused=entry.paused,
            watcher="" if there is None else f"{there.host}, process {there.pid}",
            worker="disabled",
            workers=(),
            server=ServerReport(state="unknown"),
            last_success=None if last is None else datetime.fromtimestamp(last.changed, UTC),
            described=seen.queue().get("described", 0),
        )


def watcher_of(entry: Enrolled, there: Sequence[Process], now: float) -> Process | None:
    """The process that watches an account now."""
    for process in there:
        if process.id == entry.holder and now - process.seen < GONE_SECONDS:
            return process
    return None
