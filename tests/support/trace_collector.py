"""What takes traces, as OpenTelemetry's collector does, and what it was sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, kw_only=True)
class Span:
    """One span. ``began`` and ``ended`` are Unix times in seconds."""

    service: str
    trace: bytes
    name: str
    facts: dict[str, object]
    began: float
    ended: float


@dataclass(frozen=True, kw_only=True)
class Collector:
    """Where to send them, and the bodies that came."""

    url: str
    bodies: list[bytes] = field(default_factory=list)

    def spans(self, name: str = "") -> list[Span]:
        """Those of a name, or all."""
        found = []
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = next(
                    entry.value.string_value
                    for entry in resource.resource.attributes
                    if entry.key == "service.name"
                )
                found += [
                    Span(
                        service=service,
                        trace=span.trace_id,
                        name=span.name,
                        facts={
                            one.key: getattr(one.value, str(one.value.WhichOneof("value")))
                            for one in span.attributes
                        },
                        began=span.start_time_unix_nano / 1e9,
                        ended=span.end_time_unix_nano / 1e9,
                    )
                    for scope in resource.scope_spans
                    for span in scope.spans
                    if name in ("", span.name)
                ]
        return found

    def names(self) -> set[str]:
        """The names of all that came."""
        return {span.name for span in self.spans()}


@contextmanager
def collector() -> Iterator[Collector]:
    """One that listens meanwhile."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
        try:
            yield Collector(url=url, bodies=bodies)
        finally:
            server.shutdown()
