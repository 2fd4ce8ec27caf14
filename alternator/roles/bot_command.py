"""``alternator bot``: watches accounts, and hands what it finds to the workers."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

from alternator.bot import health_address
from alternator.bot.answers import answering
from alternator.bot.health import serving
from alternator.bot.traces import tracing_to
from alternator.config.load import ClusterConfig
from alternator.errors import StateError, TemporaryStateError
from alternator.mastodon.streams.hub import StreamHub
from alternator.media.confined.kernel import keep_memory_private
from alternator.roles.account_config import AccountConfigs, key_of
from alternator.roles.account_watch import AccountWatch, Surroundings
from alternator.roles.bot_health import BotHealth
from alternator.roles.bot_metrics import BotRoleMetrics
from alternator.roles.opening import add_arguments, begun, shared_store
from alternator.roles.presence import Presence
from alternator.roles.watching import Turns
from alternator.stopping import Stop, Stopping
from alternator.store.cluster import GONE_SECONDS, Cluster, Enrolled
from alternator.store.interface import Store
from probe.command_help import command_parser

log = logging.getLogger(__name__)

EXAMPLES = (
    ("alternator bot", "watch a fair share of the cluster's accounts"),
    ("alternator bot --log-level debug", "say what is heard of"),
)
LOOK_SECONDS = 1.0
# How often the accounts are shared out anew, and for how long each is held.
SHARE_SECONDS = 5.0
LEASE_SECONDS = GONE_SECONDS
# Threads that look through posts, for all accounts: they wait for servers most of the time.
THREADS = 16


def main(argv: list[str]) -> int:
    """Watch the accounts of a cluster, and hand what lacks a description to its workers.

    Several may run: each watches a share, and takes over what one leaves that ends.
    """
    parser = command_parser("alternator bot", main.__doc__, EXAMPLES)
    add_arguments(parser)
    keep_memory_private()
    config = begun(parser.parse_args(argv))
    stop = Stop()
    stop.on_signals()
    try:
        BotRole(config, stop).run()
    except Stopping:
        log.info("stopped")
    return 0


class BotRole:
    """One process that watches."""

    def __init__(self, config: ClusterConfig, stop: Stop) -> None:
        self._config = config
        self._configs = AccountConfigs(config)
        self._stop = stop
        self._clock = stop.clock
        self._watches: dict[str, AccountWatch] = {}
        self._entries: dict[str, Enrolled] = {}
        self._next_share = 0.0  # monotonic seconds
        self._held_until = 0.0

    def run(self) -> None:
        """Watch until ``Stopping`` is raised. ConfigError, StateError where it can't begin."""
        base = self._config.base
        with ExitStack() as stack:
            store, cluster = stack.enter_context(shared_store(base, "bot", self._stop))
            pool = ThreadPoolExecutor(THREADS, thread_name_prefix="watch")
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
            self._turns = Turns(pool, self._clock)
            self._hub = StreamHub(pool)
            health = BotHealth(store, self)
            presence = Presence("bot", cluster, self._clock, health.facts)
            metrics = BotRoleMetrics(cluster, self)
            stack.enter_context(tracing_to(base.tracing, "bot"))
            stack.enter_context(serving(health, base.health))
            stack.enter_context(health_address.announced(base.state.directory, base.health))
            stack.enter_context(
                answering({**health.answers(), "/metrics": metrics.answer}, base.metrics, "metrics")
            )
            self._enrol(cluster)
            self._hub.start()
            self._turns.start()
            stack.callback(self._leave, presence, cluster)
            self._around = Surroundings(
                store=store,
                cluster=cluster,
                hub=self._hub,
                stop=self._stop.child(),
                hurry=self._turns.hurry,
                watched=lambda: len(self._watches),
            )
            self._look_after(presence, store, cluster)

    @property
    def watches(self) -> list[AccountWatch]:
        """Those that are watched."""
        return list(self._watches.values())

    @property
    def holds(self) -> bool:
        """Whether its share is held: the database has been asked lately."""
        return self._clock.monotonic() < self._held_until

    def _enrol(self, cluster: Cluster) -> None:
        """Enrol the accounts of the configuration, and those no more that are not in it."""
        named = {key_of(config): config for config in self._config.accounts}
        for key, config in named.items():
            cluster.enrolment.enrol(
                Enrolled(key=key, source="config", server=config.mastodon.instance_url)
            )
        for entry in cluster.enrolment.each("config"):
            if entry.key not in named:
                log.info("%s is not in the configuration any more", entry.handle or entry.key)
                cluster.enrolment.withdraw(entry.key)

    def _look_after(self, presence: Presence, store: Store, cluster: Cluster) -> None:
        """Share out, and say that the process is there, until ``Stopping`` is raised."""
        while True:
            # Broken off in the middle of a lock, it would leave that as it is: a signal is noticed
            # between two rounds.
            with self._stop.shielded():
                with suppress(TemporaryStateError):  # logged by the store, once
                    presence.do_due()
                    if self._clock.monotonic() >= self._next_share:
                        self._share(presence.process.id, cluster)
                        self._next_share = self._clock.monotonic() + SHARE_SECONDS
                self._stop.pause(LOOK_SECONDS)

    def _share(self, holder: str, cluster: Cluster) -> None:
        """Hold a fair share of the accounts, and watch just those."""
        seen = cluster.processes.seen(within=GONE_SECONDS)
        watchers = max(sum(one.role == "bot" for one in seen), 1)
        held = {
            entry.key: entry
            for entry in cluster.enrolment.lease(holder, watchers=watchers, seconds=LEASE_SECONDS)
        }
        self._held_until = self._clock.monotonic() + LEASE_SECONDS
        for key in [key for key in self._watches if key not in held]:
            self._end(key)
        for key, entry in held.items():
            before = self._entries.get(key)
            if before is not None and not before.works_as(entry):
                self._end(key)
            if key not in self._watches:
                self._begin(entry)

    def _begin(self, entry: Enrolled) -> None:
        config = self._configs.told(entry)
        if config is None:
            return
        watch = AccountWatch(entry.key, config, self._around, entry.source)
        self._watches[entry.key], self._entries[entry.key] = watch, entry
        self._turns.add(watch)

    def _end(self, key: str) -> None:
        watch = self._watches.pop(key)
        del self._entries[key]
        self._turns.remove(watch)
        watch.end()

    def _leave(self, presence: Presence, cluster: Cluster) -> None:
        """Give up the share, so that another takes it at once."""
        self._around.stop.request()
        for key in list(self._watches):
            self._end(key)
        self._turns.end()
        self._hub.close()
        with suppress(StateError):
            cluster.enrolment.release(presence.process.id)
        presence.go()
