"""What only the Mastodon server is asked by tests, over HTTP."""

import pytest

STATUSES = "/api/v1/statuses"


def test_streams_are_switched(api, server):
    assert api("POST", "/sandbox/streams", json={"enabled": False}).json() == {"enabled": False}
    assert api("GET", "/api/v1/streaming/health").status_code == 404
    assert api("POST", "/sandbox/streams", json={"enabled": True, "drop": True}).json() == {
        "enabled": True,
        "dropped": 0,
    }
    assert api("POST", "/sandbox/streams", json={"mute": True}).json() == {
        "enabled": True,
        "muted": 0,
    }


def test_event_needs_a_name(api):
    assert api("POST", "/sandbox/events", json={"payload": 1}).status_code == 422


def test_rate_limit_is_spent_for_one_token(api, connect):
    order = {"token": "neighbour", "seconds": 60}
    assert api("POST", "/sandbox/rate-limit", json=order).json() == order
    assert connect(api.url, "neighbour")("GET", "/api/v1/instance").status_code == 429
    assert api("GET", "/api/v1/instance").status_code == 200


@pytest.mark.parametrize("seconds", ["soon", None, [60]])
def test_rate_limit_needs_a_number(api, seconds):
    response = api("POST", "/sandbox/rate-limit", json={"seconds": seconds})
    assert response.status_code == 422
    assert "seconds" in response.json()["error"]
    assert api("GET", "/api/v1/instance").status_code == 200


def test_reset_forgets_everything_and_can_post_the_samples(api, server):
    api("POST", STATUSES, json={"status": "x"})
    api("POST", "/sandbox/faults", json={"path": "/x", "status": 500})
    answer = api("POST", "/sandbox/reset", json={"samples": True}).json()
    assert answer["samples"] == len(server.statuses()) == 7
    assert api("GET", "/sandbox/faults").json() == []
