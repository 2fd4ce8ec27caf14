"""Uploads by OpenAI's client and by sockets that lie: what is too much, too little, too slow."""

import dataclasses
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
import requests
from running_serve import RunningServe

from alternator.config.models import WhisperSettings
from alternator.serve import upload
from alternator.serve.options import MEGABYTE, ServeOptions
from alternator.serve.tokens import Client, Tokens, digest

BOUNDARY = "b0undary"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
TAIL = f"\r\n--{BOUNDARY}--\r\n"


@pytest.fixture(scope="module")
def strict(
    whisper_settings: WhisperSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServe]:
    """A server that takes files of one MB."""
    options = ServeOptions(most_upload=MEGABYTE)
    with RunningServe(whisper_settings, tmp_path_factory.mktemp("strict"), options) as running:
        yield running


@contextmanager
def asked(running: RunningServe, length: str) -> Iterator[socket.socket]:
    """A connection whose request has this header for its length."""
    with socket.create_connection(("127.0.0.1", running.port), 10) as connection:
        connection.sendall(
            f"POST /v1/audio/transcriptions HTTP/1.1\r\nHost: a\r\n{length}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode()
        )
        yield connection


def answer_of(connection: socket.socket) -> tuple[int, dict[str, str | None]]:
    """Status and error that come."""
    with connection.makefile("rb") as file:
        status = int(file.readline().split()[1])
        length = 0
        while line := file.readline().strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name.lower() == "content-length" else length
        return status, json.loads(file.read(length))["error"]


def test_a_file_over_the_limit(strict: RunningServe) -> None:
    create = strict.client().audio.transcriptions.create
    for size in (MEGABYTE + 1, 30 * MEGABYTE):
        with pytest.raises(openai.APIStatusError, match="larger than 1 MB") as caught:
            create(file=("a.wav", bytes(size)), model="fixture")
        assert (caught.value.status_code, caught.value.code) == (413, "file_too_large")
    # One that is as large as may be is taken, and found to be no sound.
    with pytest.raises(openai.BadRequestError, match="is not audio"):
        create(file=("a.wav", bytes(MEGABYTE)), model="fixture")
    strict.wait_until_empty()


def test_a_file_over_the_limit_that_says_nothing_of_its_length(strict: RunningServe) -> None:
    with asked(strict, "Transfer-Encoding: chunked") as connection:
        connection.sendall(f"{len(HEAD):x}\r\n{HEAD}\r\n".encode())
        for _ in range(17):
            connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
        status, error = answer_of(connection)
    assert (status, error["code"]) == (413, "file_too_large")
    strict.wait_until_empty()


def test_a_length_that_is_too_small(strict: RunningServe) -> None:
    with asked(strict, f"Content-Length: {len(HEAD) + 10}") as connection:
        connection.sendall(HEAD.encode() + bytes(1000) + TAIL.encode())
        status, error = answer_of(connection)
    assert (status, error["code"]) == (400, "invalid_form")
    assert "Content-Length is too small" in str(error["message"])
    strict.wait_until_empty()


def test_a_length_that_is_too_large(strict: RunningServe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "SILENCE_SECONDS", 0.2)
    with asked(strict, "Content-Length: 100000") as connection:
        connection.sendall(HEAD.encode() + bytes(1000) + TAIL.encode())
        status, error = answer_of(connection)
        assert connection.recv(1) == b""
    assert (status, error["code"]) == (408, "timeout")
    strict.wait_until_empty()


def test_a_client_that_hangs_up_in_its_upload(strict: RunningServe) -> None:
    line = 'alternator_requests_total{status="499",task="transcribe"}'
    before = strict.metric(line)
    with asked(strict, "Content-Length: 100000") as connection:
        connection.sendall(HEAD.encode() + bytes(1000))
    strict.wait_until_empty()
    assert strict.metric(line) == before + 1


def test_one_that_waits_to_be_told_is_told_before_it_sends(strict: RunningServe) -> None:
    length = f"Expect: 100-continue\r\nContent-Length: {99 * MEGABYTE}"
    with asked(strict, length) as connection:
        assert answer_of(connection)[0] == 413


def test_one_without_a_token_reads_so_though_it_sends_much(
    whisper_settings: WhisperSettings, tmp_path: Path
) -> None:
    known = Tokens(clients={digest("a-long-secret"): Client(name="a", at_once=1)})
    settings = dataclasses.replace(whisper_settings, preload=False)
    with RunningServe(settings, tmp_path, ServeOptions(), known) as running:
        for _ in range(3):
            with pytest.raises(openai.AuthenticationError):
                running.client("another-secret").audio.transcriptions.create(
                    file=("a.wav", bytes(50 * MEGABYTE)), model="fixture"
                )


@pytest.mark.parametrize(
    ("content", "kind", "code", "words"),
    [
        (b"{}", "application/json", "invalid_form", "multipart/form-data"),
        (b"", f"multipart/form-data; boundary={BOUNDARY}", "invalid_form", "last boundary"),
        (b"stray", f"multipart/form-data; boundary={BOUNDARY}", "invalid_form", "can't be read"),
        (TAIL.strip().encode(), "multipart/form-data", "invalid_form", "with a boundary"),
    ],
    ids=["JSON", "nothing", "no form", "no boundary"],
)
def test_what_is_no_form(
    strict: RunningServe, content: bytes, kind: str, code: str, words: str
) -> None:
    url = f"{strict.url}/v1/audio/transcriptions"
    answer = requests.post(url, data=content, headers={"Content-Type": kind}, timeout=10)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code) and words in error["message"]


def test_a_file_that_is_missing_or_empty(strict: RunningServe) -> None:
    url = f"{strict.url}/v1/audio/transcriptions"
    missing = requests.post(url, files={"model": (None, "x")}, timeout=10)
    assert missing.json()["error"]["message"] == "there is no file; send one as 'file'"
    with pytest.raises(openai.BadRequestError, match=r"a\.wav is empty"):
        strict.client().audio.transcriptions.create(file=("a.wav", b""), model="fixture")


def test_a_disk_without_room(strict: RunningServe, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upload, "_finish", full)
    with pytest.raises(openai.InternalServerError, match="No space left on device") as caught:
        strict.client().audio.transcriptions.create(file=("a.wav", b"sound"), model="fixture")
    assert (caught.value.status_code, caught.value.code) == (507, "no_room")
    strict.wait_until_empty()
