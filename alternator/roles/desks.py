"""The accounts that a worker has worked for lately, each with its configuration."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from alternator.bot.starting import Shared
from alternator.config.settings import Config
from alternator.roles.desk import Desk
from alternator.stopping import Stop
from alternator.store.cluster import Cluster, Enrolled
from alternator.store.interface import Store

# How long a worker goes on with what it knows of an account before it looks again.
KNOWN_SECONDS = 10.0
MOST_KEPT = 500

# The configuration of an account; None where there is none, or its token can't be read.
ConfigOf = Callable[[Enrolled], Config | None]


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A desk, for which enrolment it was made, and when that was looked at (monotonic seconds)."""

    desk: Desk
    entry: Enrolled
    looked: float


class Desks:
    """For any thread."""

    # size: each comes from another owner: operator, store, cluster, what is shared, signals.
    def __init__(
        self,
        config_of: ConfigOf,
        store: Store,
        cluster: Cluster,
        shared_for: Callable[[Config], Shared],
        stop: Stop,
    ) -> None:
        self._config_of = config_of
        self._store = store
        self._cluster = cluster
        self._shared_for = shared_for
        self._stop = stop
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Kept] = OrderedDict()
        self._before = 0  # descriptions of desks that are not kept any more

    def of(self, account: int) -> Desk | None:
        """The desk of an account; None if nothing is done for it. StateError."""
        now = self._stop.clock.monotonic()
        with self._lock:
            kept = self._kept.get(account)
        if kept is not None and now - kept.looked < KNOWN_SECONDS:
            return kept.desk
        entry = self._cluster.enrolment.of_account(account)
        if entry is None or entry.paused:
            self._drop(account)
            return None
        if kept is not None and kept.entry.works_as(entry):
            self._keep(account, Kept(desk=kept.desk, entry=entry, looked=now))
            return kept.desk
        self._drop(account)
        desk = self._made(account, entry)
        if desk is not None:
            self._keep(account, Kept(desk=desk, entry=entry, looked=now))
        return desk

    @property
    def described(self) -> int:
        """How many descriptions were written since the start."""
        with self._lock:
            return self._before + sum(kept.desk.described for kept in self._kept.values())

    def _made(self, account: int, entry: Enrolled) -> Desk | None:
        config = self._config_of(entry)
        if config is None:
            return None
        state = self._store.of_account(account)
        shared = self._shared_for(config)
        return Desk(config, state, self._store, self._cluster, shared, self._stop)

    def _drop(self, account: int) -> None:
        with self._lock:
            kept = self._kept.pop(account, None)
            if kept is not None:
                self._before += kept.desk.described

    def _keep(self, account: int, kept: Kept) -> None:
        with self._lock:
            self._kept[account] = kept
            self._kept.move_to_end(account)
            while len(self._kept) > MOST_KEPT:
                _, oldest = self._kept.popitem(last=False)
                self._before += oldest.desk.described
