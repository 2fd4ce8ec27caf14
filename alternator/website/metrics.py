"""What ``/metrics`` tells of a cluster. An account is no label: there are thousands."""

import time
from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client import generate_latest as text_of
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from alternator.dashboard.metrics import gauge
from alternator.store.cluster import GONE_SECONDS, Cluster

MEDIA_TYPE = CONTENT_TYPE_LATEST
MOST_DEAD = 1000


class ClusterMetrics(Collector):
    """Of processes, accounts and queues. StateError while the database can't be asked."""

    def __init__(self, cluster: Cluster, now: Callable[[], float] = time.time) -> None:
        self._cluster = cluster
        self._now = now
        self._registry = CollectorRegistry()
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All of it."""
        return text_of(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing is asked for at the registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """One family for each question."""
        there = [
            one for one in self._cluster.processes.seen() if self._now() - one.seen < GONE_SECONDS
        ]
        processes = gauge("cluster_processes", "Processes that are there, by role.", "role")
        for role, number in sorted(Counter(one.role for one in there).items()):
            processes.add_metric([role], number)
        yield processes
        entries = self._cluster.enrolment.all()
        names = {one.id for one in there}
        accounts = gauge("cluster_accounts", "Accounts to watch, by source.", "source")
        for source in ("config", "member"):
            accounts.add_metric([source], sum(one.source == source for one in entries))
        yield accounts
        of_state = gauge("cluster_accounts_not_watched", "Accounts that are not, by why.", "why")
        of_state.add_metric(["paused"], sum(one.paused for one in entries))
        unheld = sum(not one.paused and one.holder not in names for one in entries)
        of_state.add_metric(["no_bot"], unheld)
        yield of_state
        yield from self._queues()

    def _queues(self) -> Iterator[Metric]:
        jobs = gauge("cluster_jobs", "Jobs of a queue by how they are.", "queue", "state")
        oldest = gauge(
            "cluster_oldest_job_seconds", "How long the oldest job that is due has waited.", "queue"
        )
        for facts in self._cluster.jobs.facts():
            for state, number in (
                ("ready", facts.ready),
                ("later", facts.later),
                ("doing", facts.doing),
            ):
                jobs.add_metric([facts.queue, state], number)
            oldest.add_metric([facts.queue], facts.oldest)
        yield jobs
        yield oldest
        dead = gauge("cluster_dead_jobs", "Jobs that nobody tries again; up to 1000 are counted.")
        dead.add_metric([], len(self._cluster.jobs.dead(MOST_DEAD)))
        yield dead
