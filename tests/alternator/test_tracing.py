"""What a post's spans say, whichever process they come from."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from alternator import tracing


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Where spans go meanwhile."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(provider.get_tracer("test"))
    yield exporter
    tracing.use(None)


def trace_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def test_nothing_is_traced_unless_it_is_asked_for():
    with tracing.of_post("found", "https://one.example", "1"), tracing.span("edit"):
        pass


def test_what_two_processes_do_for_a_post_is_one_trace(spans: InMemorySpanExporter):
    with tracing.of_post("found", "https://one.example", "1", began=100.0):
        pass
    with tracing.of_post("describe", "https://one.example", "1"), tracing.span("edit", n=2):
        pass
    with tracing.of_post("describe", "https://two.example", "1"):
        pass
    found, edit, describe, other = spans.get_finished_spans()
    assert trace_of(found) == trace_of(describe) == trace_of(edit) != trace_of(other)
    assert found.start_time == 100 * 10**9
    assert edit.parent is not None and describe.context is not None
    assert edit.parent.span_id == describe.context.span_id
    assert describe.parent is not None and found.parent is not None
    assert describe.parent.span_id == found.parent.span_id
    assert dict(describe.attributes or {}) == {"server": "https://one.example", "post": "1"}


def test_a_failure_is_marked_and_passes(spans: InMemorySpanExporter):
    with pytest.raises(ValueError, match="x"), tracing.of_post("describe", "https://a", "1"):
        raise ValueError("x")
    [span] = spans.get_finished_spans()
    assert span.status.status_code.name == "ERROR"
