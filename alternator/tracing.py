"""Traces by OpenTelemetry, from a post to its edit: nothing unless ``use`` was called.

Every process that works on a post derives the post's trace from its server and id, so that what
several processes do meets in one trace, and nothing needs to be handed from one to the next. What
is named in a span are servers, ids and numbers: no texts, no tokens, no addresses of media.

https://opentelemetry.io/docs/specs/otel/trace/api/
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

Value = str | int | float | bool

_tracers: "list[Tracer]" = []  # one at the most


def use(tracer: "Tracer | None") -> None:
    """Trace by this one from now on; None: not at all."""
    _tracers[:] = [] if tracer is None else [tracer]


@contextmanager
def of_post(
    name: str, server: str, status_id: str, *, began: float | None = None, **facts: Value
) -> Iterator[None]:
    """A span of a post's trace, for a stretch; ``began`` is its Unix time if it is not now."""
    if not _tracers:
        yield
        return
    from opentelemetry import trace

    number, parent = ids_of(server, status_id)
    context = trace.SpanContext(
        number, parent, is_remote=True, trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED)
    )
    with _tracers[0].start_as_current_span(
        name,
        context=trace.set_span_in_context(trace.NonRecordingSpan(context)),
        start_time=None if began is None else int(began * 1e9),
        attributes={"server": server, "post": status_id, **facts},
    ):
        yield


@contextmanager
def span(name: str, **facts: Value) -> Iterator[None]:
    """A span within the one that this thread is in."""
    if not _tracers:
        yield
        return
    with _tracers[0].start_as_current_span(name, attributes=facts):
        yield


def ids_of(server: str, status_id: str) -> tuple[int, int]:
    """The id of a post's trace (128 bits), and of what all its spans are below (64 bits)."""
    digest = hashlib.sha256(f"{server}\n{status_id}".encode()).digest()
    return int.from_bytes(digest[:16]) or 1, int.from_bytes(digest[16:24]) or 1
