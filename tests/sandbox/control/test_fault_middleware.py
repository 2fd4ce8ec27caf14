"""Faults carried out, over HTTP."""

import time

import pytest
import requests

from sandbox.control.faults import Fault

STATUSES = "/api/v1/statuses"


@pytest.fixture
def fail(server):
    """Orders a fault for posting."""

    def order(path: str = STATUSES, **fields):
        server.sandbox.faults.add(Fault(path=path, **fields))

    return order


def post(api, text: str = "x", **arguments):
    return api("POST", STATUSES, json={"status": text}, **arguments)


def test_it_hits_the_chosen_requests_as_often_as_told(api, fail):
    fail(method="POST", status=503, skip=1, times=2)
    assert [post(api).status_code for _ in range(4)] == [200, 503, 503, 200]


def test_it_sends_headers_and_a_body(api, fail):
    fail(status=429, headers={"X-RateLimit-Reset": "soon"}, body="<html>")
    response = post(api)
    assert (response.status_code, response.text) == (429, "<html>")
    assert response.headers["x-ratelimit-reset"] == "soon"


def test_an_answer_can_be_lost_after_the_work_is_done(api, server, fail):
    fail(after=True, status=502)
    assert post(api, "done anyway").status_code == 502
    assert [status["content"] for status in server.statuses()] == ["<p>done anyway</p>"]


def test_a_connection_can_break_in_the_middle(api, fail):
    fail(drop=True)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        post(api)
    assert post(api).status_code == 200


def test_a_request_can_hang(api, server, fail):
    fail(hang=True)
    with pytest.raises(requests.exceptions.ReadTimeout):
        post(api, timeout=0.2)
    assert server.statuses() == []


def test_a_request_can_be_slow(api, fail):
    fail(delay=0.2)
    begun = time.monotonic()
    assert post(api).status_code == 200
    assert time.monotonic() - begun >= 0.2


def test_media_files_are_reached_too(api, server, picture, fail):
    url = server.post("x", files=[picture])["media_attachments"][0]["url"].removeprefix(api.url)
    fail("/media/*", status=404)
    assert api("GET", url).status_code == 404
    assert api("GET", url).status_code == 200


def test_the_control_endpoints_are_spared(api, fail):
    fail("*", status=500, times=None)
    assert api("GET", "/sandbox/health").status_code == 200
