"""The control API over HTTP, and the faults that it orders."""

import time

import pytest
import requests

STATUSES = "/api/v1/statuses"


def order(api, **fault):
    response = api("POST", "/sandbox/faults", json=fault)
    assert response.status_code == 200, response.text


def post(api, text: str = "x", **arguments):
    return api("POST", STATUSES, json={"status": text}, **arguments)


def test_journal_has_what_was_sent_and_answered(api, picture):
    post(api, "words")
    api("POST", STATUSES, data={"status": ""})
    api.upload(picture)
    entries = api("GET", "/sandbox/requests").json()
    assert [(e["method"], e["path"], e["answer"]) for e in entries] == [
        ("POST", STATUSES, 200),
        ("POST", STATUSES, 422),
        ("POST", "/api/v2/media", 200),
    ]
    assert entries[0]["json"] == {"status": "words"}
    assert entries[1]["form"] == [["status", ""]]
    assert entries[2]["size"] > picture.stat().st_size
    assert "sandbox" not in str([e["query"] for e in entries])


def test_journal_is_searched_by_method_and_path(api, server):
    status_id = post(api).json()["id"]
    api("GET", f"{STATUSES}/{status_id}")
    found = api("GET", f"/sandbox/requests?method=get&path={STATUSES}/*").json()
    assert [entry["path"] for entry in found] == [f"{STATUSES}/{status_id}"]
    assert server.requests("GET", f"{STATUSES}/*") == found
    api("DELETE", "/sandbox/requests")
    assert server.requests() == []


def test_tokens_in_the_query_stay_out_of_the_journal(api, server):
    api("GET", "/api/v1/timelines/home?access_token=sandbox&limit=1")
    assert server.requests()[0]["query"] == {"limit": "1"}


def test_fault_hits_the_chosen_requests_as_often_as_told(api):
    order(api, path=STATUSES, method="POST", status=503, skip=1, times=2)
    assert [post(api).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert api("GET", "/sandbox/faults").json() == []


def test_fault_without_end_lasts_until_it_is_cleared(api):
    order(api, path="/api/*", times=None, status=500, body={"error": "Boom"})
    assert {post(api).json()["error"] for _ in range(3)} == {"Boom"}
    api("DELETE", "/sandbox/faults")
    assert post(api).status_code == 200


def test_fault_sends_headers(api):
    order(api, path=STATUSES, status=429, headers={"X-RateLimit-Reset": "soon"})
    response = post(api)
    assert (response.status_code, response.headers["x-ratelimit-reset"]) == (429, "soon")


def test_answer_can_be_lost_after_the_work_is_done(api, server):
    order(api, path=STATUSES, after=True, status=502)
    assert post(api, "done anyway").status_code == 502
    assert [status["content"] for status in server.statuses()] == ["<p>done anyway</p>"]


def test_connection_can_break_in_the_middle(api):
    order(api, path=STATUSES, drop=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        post(api)
    assert post(api).status_code == 200


def test_request_can_hang(api, server):
    order(api, path=STATUSES, hang=True)
    with pytest.raises(requests.exceptions.ReadTimeout):
        post(api, timeout=0.2)
    assert server.statuses() == []


def test_request_can_be_slow(api):
    order(api, path=STATUSES, delay=0.2)
    begun = time.monotonic()
    assert post(api).status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_faults_reach_media_files_too(api, server, picture):
    url = server.post("x", files=[picture])["media_attachments"][0]["url"].removeprefix(api.url)
    order(api, path="/media/*", status=404)
    assert api("GET", url).status_code == 404
    assert api("GET", url).status_code == 200


@pytest.mark.parametrize("fault", [{"status": 500}, {"path": "/", "colour": "red"}])
def test_fault_that_is_none_is_422(api, fault):
    response = api("POST", "/sandbox/faults", json=fault)
    assert response.status_code == 422
    assert "fault" in response.json()["error"]


def test_streams_are_switched(api, server):
    assert api("POST", "/sandbox/streams", json={"enabled": False}).json() == {"enabled": False}
    assert api("GET", "/api/v1/streaming/health").status_code == 404
    assert api("POST", "/sandbox/streams", json={"enabled": True, "drop": True}).json() == {
        "enabled": True,
        "dropped": 0,
    }


def test_event_needs_a_name(api):
    assert api("POST", "/sandbox/events", json={"payload": 1}).status_code == 422


def test_reset_forgets_everything_and_can_post_the_samples(api, server):
    post(api)
    order(api, path="/x", status=500)
    answer = api("POST", "/sandbox/reset", json={"samples": True}).json()
    assert answer["samples"] == len(server.statuses()) > 1
    assert api("GET", "/sandbox/faults").json() == []


def test_health(api):
    assert api("GET", "/sandbox/health").json() == {"ok": True}
