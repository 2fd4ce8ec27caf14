"""Spoiled answers, over HTTP and over a bare connection."""

import gzip
import io
import socket
import time

import pytest
import requests

from sandbox.control.faults import Fault
from sandbox.control.spoiled import BOMB_BYTES, bomb

INSTANCE = "/api/v1/instance"


@pytest.fixture
def fail(server):
    """Orders a fault for the instance."""

    def order(**fields):
        server.sandbox.faults.add(Fault(path=INSTANCE, **fields))

    return order


def test_a_truncated_answer_is_whole_to_http_and_no_json(api, fail):
    whole = api("GET", INSTANCE)
    fail(spoil="truncated")
    cut = api("GET", INSTANCE)
    assert (cut.status_code, cut.content) == (200, whole.content[: len(whole.content) // 2])
    with pytest.raises(requests.JSONDecodeError):
        cut.json()
    assert api("GET", INSTANCE).json() == whole.json()


def test_a_truncated_answer_is_given_after_the_work_was_done(api, server):
    server.fail("/api/v1/statuses", method="POST", spoil="truncated")
    api("POST", "/api/v1/statuses", json={"status": "posted"})
    assert [status["content"] for status in server.statuses()] == ["<p>posted</p>"]


@pytest.mark.parametrize("status", [None, 502])
def test_a_page_in_place_of_the_answer(api, fail, status):
    fail(spoil="html", status=status)
    answer = api("GET", INSTANCE)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status or 200,
        "text/html; charset=utf-8",
    )
    assert answer.text.startswith("<!DOCTYPE html>")


def test_an_empty_answer(api, fail):
    fail(spoil="empty")
    answer = api("GET", INSTANCE)
    assert (answer.status_code, answer.content) == (200, b"")


def test_an_answer_of_the_wrong_type_is_the_same_otherwise(api, fail):
    whole = api("GET", INSTANCE)
    fail(spoil="wrong_type")
    answer = api("GET", INSTANCE)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.json() == whole.json()


def test_a_gzip_bomb_is_small_on_its_way(api, fail):
    fail(spoil="gzip_bomb")
    with api("GET", INSTANCE, stream=True) as answer:
        packed = answer.raw.read(decode_content=False)
    assert answer.headers["content-encoding"] == "gzip"
    assert packed == bomb()
    assert len(packed) < BOMB_BYTES / 500
    with gzip.open(io.BytesIO(packed)) as unpacked:
        assert sum(len(piece) for piece in iter(lambda: unpacked.read(1 << 20), b"")) == BOMB_BYTES


@pytest.mark.parametrize("trickle", ["header", "body"])
def test_a_slow_answer_is_the_right_one_in_the_end(api, fail, trickle):
    fail(status=200, body={"slow": 1}, trickle=trickle, pace=0.001)
    answer = api("GET", INSTANCE)
    assert (answer.status_code, answer.json()) == (200, {"slow": 1})
    assert api("GET", INSTANCE).status_code == 200


@pytest.mark.parametrize(("trickle", "at_once"), [("header", b"H"), ("body", b"\r\n\r\n{")])
def test_it_comes_byte_by_byte(server, fail, trickle, at_once):
    fail(status=200, body={"slow": "x" * 50}, trickle=trickle, pace=0.1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(f"GET {INSTANCE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        came = b""
        while not came.endswith(at_once):
            came += connection.recv(4096)
        begun = time.monotonic()
        pieces = [connection.recv(4096) for _ in range(3)]
        assert time.monotonic() - begun > 0.2
    # A busy machine may hand over two of them at once.
    assert all(0 < len(piece) <= 2 for piece in pieces)


def test_who_goes_away_ends_it(server, fail):
    fail(trickle="header", pace=60.0)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(server.url + INSTANCE, timeout=0.2)
    # The server answers others meanwhile, and stops at the end of the test without waiting.
    assert requests.get(server.url + INSTANCE, timeout=10).status_code == 200
