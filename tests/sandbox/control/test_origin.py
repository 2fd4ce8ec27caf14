"""What a web page of another address may not do."""

import pytest

from sandbox.model.records import TOKENS

STATUSES = "/api/v1/statuses"
FOREIGN = ("https://evil.example", "http://127.0.0.1", "null")
CHANGING = [
    ("POST", "/sandbox/reset"),
    ("POST", "/sandbox/faults"),
    ("DELETE", "/sandbox/faults"),
    ("DELETE", "/sandbox/requests"),
    ("POST", "/sandbox/streams"),
    ("POST", "/sandbox/events"),
    ("POST", "/sandbox/rate-limit"),
    ("POST", f"{STATUSES}?access_token=sandbox"),
    ("PUT", f"{STATUSES}/1?access_token=sandbox"),
]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(("method", "path"), CHANGING)
def test_a_foreign_page_changes_nothing(api, server, method, path, origin):
    server.post("still here")
    fields = {"path": "/x", "event": "x", "status": "posted by a foreign page"}
    answer = api(method, path, data=fields, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "another web site" in answer.json()["error"]
    assert [status["content"] for status in server.statuses()] == ["<p>still here</p>"]
    assert server.sandbox.faults.as_json() == []


def test_the_servers_own_page_and_programs_may(api, server):
    server.post("gone soon")
    own = {"Origin": server.url}
    assert api("POST", STATUSES, data={"status": "x"}, headers=own).status_code == 200
    assert api("POST", "/sandbox/reset", headers=own).status_code == 200
    assert server.statuses() == []
    assert api("POST", "/sandbox/reset").status_code == 200


def test_what_only_reads_is_answered_whoever_asks(api):
    foreign = {"Origin": FOREIGN[0]}
    assert api("GET", "/sandbox/requests", headers=foreign).status_code == 200
    # What keeps the page from reading the answer is what is not there.
    assert "access-control-allow-origin" not in api("GET", "/", headers=foreign).headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/sandbox/reset"), ("POST", "/sandbox/faults"), ("POST", "/v1/chat/completions")],
)
def test_the_vision_endpoint_refuses_it_too(vision, connect, method, path):
    answer = connect(vision.url)(method, path, json={}, headers={"Origin": FOREIGN[0]})
    assert answer.status_code == 403
    assert vision.requests() == []


def test_a_refused_request_is_not_counted(api, server):
    remaining = api("GET", "/api/v1/instance").headers["x-ratelimit-remaining"]
    for _ in range(3):
        api("POST", STATUSES, data={"status": "x"}, headers={"Origin": FOREIGN[0]})
    after = api("GET", "/api/v1/instance").headers["x-ratelimit-remaining"]
    assert int(remaining) - int(after) == 1
    assert "sandbox" in TOKENS  # a token that any page knows
