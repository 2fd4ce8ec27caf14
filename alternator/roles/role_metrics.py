"""What every role tells of the cluster: its queue and its processes."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector
from prometheus_client import generate_latest as text_of
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from alternator.bot.answers import Answer
from alternator.dashboard.metrics import gauge
from alternator.errors import StateError
from alternator.store.cluster import GONE_SECONDS, Cluster

MOST_DEAD = 1000  # that are counted


class RoleMetrics(Collector):
    """Looked up when somebody asks. Each role adds its ``own``."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def answer(self) -> Answer:
        """All of it."""
        return Answer(text_of(self.registry), kind=CONTENT_TYPE_LATEST)

    def describe(self) -> list[Metric]:
        """Nothing is asked for at the registration."""
        return []

    def collect(self) -> Iterator[Metric]:
        """What the cluster knows, where it can be asked, and what this process knows."""
        database = gauge("database_up", "1 while the database answers.")
        try:
            found = [*self._queue(), self._processes(), *self._troubles()]
            database.add_metric([], 1.0)
        except StateError:
            found = []
            database.add_metric([], 0.0)
        yield database
        yield from found
        yield from self.own()

    def own(self) -> Iterator[Metric]:
        """What this process knows."""
        yield from ()

    def _queue(self) -> Iterator[Metric]:
        jobs = gauge("queue_jobs", "Posts in the queue.", "queue", "state")
        oldest = gauge(
            "queue_oldest_seconds",
            "How long the first post has waited that could be begun now.",
            "queue",
        )
        for queue in self._cluster.jobs.facts():
            for state, number in (
                ("ready", queue.ready),
                ("later", queue.later),
                ("doing", queue.doing),
            ):
                jobs.add_metric([queue.queue, state], number)
            oldest.add_metric([queue.queue], queue.oldest)
        yield from (jobs, oldest)

    def _troubles(self) -> Iterator[Metric]:
        dead = gauge("dead_jobs", "Jobs that are not tried again until a person says so.")
        dead.add_metric([], len(self._cluster.jobs.dead(MOST_DEAD)))
        halted = gauge("halted_accounts", "Accounts of which nothing is edited any more.")
        halted.add_metric([], len(self._cluster.halted()))
        yield from (dead, halted)

    def _processes(self) -> Metric:
        processes = gauge("processes", "Processes of the cluster by their role.", "role")
        seen = self._cluster.processes.seen(within=GONE_SECONDS)
        for role, number in sorted(Counter(one.role for one in seen).items()):
            processes.add_metric([role], number)
        return processes
