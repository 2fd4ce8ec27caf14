"""What ``/metrics`` of a worker tells (https://prometheus.io/docs/practices/naming/)."""

from collections.abc import Callable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from alternator.dashboard.metrics import LOADED, gauge
from alternator.queue.taking import QueueThread
from alternator.roles.desks import Desks
from alternator.roles.gpu_memory import GpuMemory
from alternator.roles.observed import Observations
from alternator.roles.role_metrics import RoleMetrics
from alternator.speech.worker.slot import WorkerReport
from alternator.store.cluster import Cluster


class WorkerMetrics(RoleMetrics):
    """The cluster's queue, and this worker's own work."""

    def __init__(
        self,
        cluster: Cluster,
        desks: Desks,
        queue: QueueThread,
        workers: Callable[[], Sequence[WorkerReport]],
        observations: Observations,
    ) -> None:
        super().__init__(cluster)
        observations.register(self.registry)
        self._gpus = GpuMemory()
        self._desks = desks
        self._queue_thread = queue
        self._workers = workers

    def own(self) -> Iterator[Metric]:
        """What this process knows."""
        described = CounterMetricFamily(
            "alternator_worker_descriptions",
            "Descriptions written into posts by this worker since its start.",
        )
        described.add_metric([], self._desks.described)
        yield described
        under_way = GaugeMetricFamily(
            "alternator_worker_posts_under_way", "Posts that this worker is at work on."
        )
        under_way.add_metric([], self._queue_thread.under_way)
        yield under_way
        up = gauge("queue_reachable", "1 while this worker takes posts from the queue.")
        up.add_metric([], float(self._queue_thread.taking))
        yield up
        ready = gauge("worker_up", "1 where a worker has its model in memory.", "device", "worker")
        requests = gauge(
            "worker_requests", "Requests that a worker is at work on.", "device", "worker"
        )
        for number, worker in enumerate(self._workers()):
            labels = [worker.device, str(number)]
            ready.add_metric(labels, float(worker.state in LOADED))
            requests.add_metric(labels, worker.requests)
        yield from (ready, requests)
        memory = gauge("gpu_memory_bytes", "Memory of a GPU of this machine.", "gpu", "state")
        for gpu in self._gpus.read():
            memory.add_metric([gpu.name, "used"], gpu.used)
            memory.add_metric([gpu.name, "total"], gpu.total)
        yield memory
