"""Sends traces to where ``[tracing]`` says."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Literal

from alternator import tracing
from alternator.config.tracing import TracingSettings
from alternator.errors import ConfigError
from alternator.log import log
from alternator.store.cluster import Role

PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
SEND_SECONDS = 10.0


@contextmanager
def tracing_to(settings: TracingSettings, role: Role | Literal["backfill"]) -> Iterator[None]:
    """Trace while the block runs, unless that is turned off.

    ConfigError where it is wanted and the packages are not installed.
    """
    if settings.endpoint is None:
        yield
        return
    if not all(map(is_installed, PACKAGES)):
        raise ConfigError(
            "[tracing] endpoint is set, and OpenTelemetry is not installed (pip install "
            "'.[tracing]'); install it, or take the endpoint out"
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    provider = TracerProvider(
        # By the trace's id alone, so that all processes trace the same posts.
        sampler=TraceIdRatioBased(settings.share),
        resource=Resource.create(
            {
                "service.name": f"alternator-{role}",
                "service.version": version("alternator"),
            }
        ),
    )
    exporter = OTLPSpanExporter(endpoint=settings.endpoint, timeout=SEND_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracing.use(provider.get_tracer("alternator"))
    log.info("traces: to %s", settings.endpoint)
    try:
        yield
    finally:
        tracing.use(None)
        provider.shutdown()


def is_installed(name: str) -> bool:
    """Whether a module is there."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
