"""The request log: what is written down of a request, and what is not."""

from dataclasses import replace

import pytest

from sandbox.control.request_log import KEPT_BYTES, Entry, RequestLog

STATUSES = "/api/v1/statuses"


def entry(**fields) -> Entry:
    plain = Entry(method="GET", path="/", query={}, content_type="", authorized=False, at=0.0)
    return replace(plain, **fields)


def test_log_has_what_was_sent_and_answered(api, picture):
    api("POST", STATUSES, json={"status": "words"})
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


def test_tokens_in_the_query_stay_out_of_the_log(api, server):
    api("GET", "/api/v1/timelines/home?access_token=sandbox&limit=1")
    assert server.requests()[0]["query"] == {"limit": "1"}


def test_a_long_body_is_left_out(api, server):
    api("POST", STATUSES, json={"status": "x" * KEPT_BYTES})
    (logged,) = server.requests()
    assert logged["size"] > KEPT_BYTES
    assert "json" not in logged


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        (None, None, ["/a/1", "/a/2", "/b"]),
        ("put", None, ["/a/2"]),
        (None, "/a/*", ["/a/1", "/a/2"]),
        ("PUT", "/b", []),
    ],
)
def test_find(method, path, expected):
    log = RequestLog()
    for logged in (entry(path="/a/1"), entry(method="PUT", path="/a/2"), entry(path="/b")):
        log.add(logged)
    assert [found["path"] for found in log.find(method, path)] == expected


def test_notes_stand_beside_the_rest():
    logged = entry(notes={"model": "any"}).as_json()
    assert (logged["model"], logged["method"]) == ("any", "GET")


def test_a_body_that_is_no_json_is_kept_as_text():
    body = bytearray(b"{broken")
    logged = entry(content_type="application/json", size=len(body), body=body).as_json()
    assert logged["json"] == "{broken"
