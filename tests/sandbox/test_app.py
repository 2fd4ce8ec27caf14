"""The server as a whole: what every request goes through."""

import pytest

from sandbox.app import create_app
from sandbox.control.request_log import RequestLog


def test_an_application_carries_its_parts(tmp_path):
    app = create_app(tmp_path)
    assert app.state.request_log is app.state.sandbox.request_log
    assert app.state.faults is app.state.sandbox.faults
    assert isinstance(app.state.request_log, RequestLog)
    assert app.state.sandbox.store.folder == tmp_path


@pytest.mark.parametrize("path", ["/api/v1/nonsense", "/nonsense", "/media/nonsense"])
def test_an_unknown_path_is_404_in_json(api, path):
    response = api("GET", path)
    assert (response.status_code, response.json()) == (404, {"error": "Not Found"})


def test_a_refusal_is_json_with_its_reason(api):
    response = api("GET", "/api/v1/statuses/1")
    assert (response.status_code, response.json()) == (404, {"error": "Record not found"})


def test_only_the_api_is_logged_and_counted(api, server):
    for path in ("/", "/static/page.css", "/sandbox/health", "/api/v1/instance"):
        response = api("GET", path)
        assert ("x-ratelimit-limit" in response.headers) is path.startswith("/api/")
    assert [entry["path"] for entry in server.requests()] == ["/api/v1/instance"]


def test_a_fault_is_logged_and_not_counted(api, server):
    server.fail("/api/v1/instance", status=500)
    response = api("GET", "/api/v1/instance")
    assert response.status_code == 500
    assert "x-ratelimit-limit" not in response.headers
    assert [entry["answer"] for entry in server.requests()] == [500]
