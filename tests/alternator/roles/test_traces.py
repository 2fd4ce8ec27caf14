"""Traces of a real post, sent to a collector."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from roles_in_threads import Cluster
from waiting import wait_for

from alternator.config.tracing import TracingSettings
from alternator.errors import ConfigError
from alternator.roles import traces
from alternator.roles.traces import tracing_to


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """What takes traces, and what it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/traces", bodies
        finally:
            server.shutdown()


def spans_of(bodies: list[bytes]) -> list[tuple[str, bytes, str]]:
    """Service, trace and name of each span."""
    found = []
    for body in bodies:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = next(
                entry.value.string_value
                for entry in resource.resource.attributes
                if entry.key == "service.name"
            )
            found += [
                (service, span.trace_id, span.name)
                for scope in resource.scope_spans
                for span in scope.spans
            ]
    return found


def test_a_post_is_one_trace_from_its_making_to_its_edit(cluster: Cluster):
    """Both roles are in one process here, so the worker's provider sends for both."""
    with collector() as (url, bodies):
        cluster.config = replace(cluster.config, tracing=TracingSettings(endpoint=url))
        bot, worker = cluster.bot(), cluster.worker()
        wait_for(lambda: cluster.server.open_streams() == 1)
        post = cluster.server.post("A text of mine", files=[cluster.picture])["id"]
        cluster.described(post)
        wait_for(lambda: cluster.states() == ["described"])
        worker.end()
        bot.end()
        wait_for(lambda: {name for _, _, name in spans_of(bodies)} >= {"describe", "edit"})
    spans = spans_of(bodies)
    assert {name for _, _, name in spans} <= {"found", "describe", "prepare", "vision", "edit"}
    assert len({trace for _, trace, _ in spans}) == 1
    sent = b"".join(bodies)
    assert b"A text of mine" not in sent
    assert json.dumps(post).strip('"').encode() in sent


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(traces, "PACKAGES", ("a_package_that_is_not_there.at_all",))
    settings = TracingSettings(endpoint="http://127.0.0.1:1/v1/traces")
    with pytest.raises(ConfigError, match="tracing"), tracing_to(settings, "bot"):
        pass


def test_without_an_endpoint_nothing_is_needed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(traces, "PACKAGES", ("a_package_that_is_not_there.at_all",))
    with tracing_to(TracingSettings(), "bot"):
        pass
