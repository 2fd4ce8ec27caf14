"""What ``/metrics`` tells, in Prometheus' form (https://prometheus.io/docs/practices/naming/).

No label has a client's words in it: statuses, tasks and models are few.
"""

from collections.abc import Iterator

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from alternator.serve.gate import Gate
from alternator.serve.models import Models

MEDIA_TYPE = CONTENT_TYPE_LATEST
# Seconds; a short clip on a GPU to an hour of sound on a CPU.
LATENCIES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
# Seconds of sound transcribed in a second.
FACTORS = (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
# What a transcriber's state is where its model is in memory.
LOADED = ("ready", "busy", "hung")


class Metrics:
    """Counters of what was answered; what is under way is looked up when somebody asks."""

    def __init__(self, gate: Gate, models: Models) -> None:
        self._registry = CollectorRegistry()
        # A time for each number, which nobody asks for. prometheus-client 0.26 has no types there.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.requests = Counter(
            "alternator_requests",
            "Requests answered; 499 stands for a client that hung up.",
            ["task", "status"],
            registry=self._registry,
        )
        self.audio = Counter(
            "alternator_audio_seconds",
            "Seconds of sound transcribed.",
            ["model"],
            registry=self._registry,
        )
        self.uploaded = Counter(
            "alternator_upload_bytes", "Bytes of files received.", registry=self._registry
        )
        self.latency = Histogram(
            "alternator_request_seconds",
            "Seconds from a request to its answer, the upload included.",
            ["task"],
            buckets=LATENCIES,
            registry=self._registry,
        )
        self.real_time_factor = Histogram(
            "alternator_real_time_factor",
            "Seconds of a request's sound for each second from its upload's end to its answer.",
            ["model"],
            buckets=FACTORS,
            registry=self._registry,
        )
        self._registry.register(UnderWay(gate, models))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._registry)


class UnderWay(Collector):
    """How things are at this moment."""

    def __init__(self, gate: Gate, models: Models) -> None:
        self._gate = gate
        self._models = models

    def collect(self) -> Iterator[Metric]:
        """One family for each question."""
        yield gauge("requests_under_way", "Requests let in, uploads included.", self._gate.inside)
        yield gauge("queue", "Requests that wait for a model or a worker.", self._models.waiting)
        loaded = GaugeMetricFamily(
            "alternator_model_loaded", "1 where a model is in memory.", labels=["model"]
        )
        states = {kept.name: kept.transcriber.state for kept in self._models.kept}
        for name, state in states.items():
            loaded.add_metric([name], float(state in LOADED))
        yield loaded
        count = sum(state in LOADED for state in states.values())
        yield gauge("models_loaded", "Models in memory.", count)


def gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    """A family of one number."""
    return GaugeMetricFamily(f"alternator_{name}", text, value=value)
