"""What a worker's error becomes for a client."""

import json

import pytest

from alternator.errors import (
    AlternatorError,
    ConfigError,
    MediaError,
    ModelError,
    NoAudioError,
    OutOfMemoryError,
    WorkerError,
)
from alternator.serve.errors import ApiError, of_worker, refused, too_large


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (MediaError("x"), 400, "invalid_request_error"),
        (NoAudioError("x"), 400, "invalid_request_error"),
        (ConfigError("x"), 400, "invalid_request_error"),
        (ModelError("x"), 503, "server_error"),
        (OutOfMemoryError("x"), 503, "server_error"),
        (WorkerError("x"), 500, "server_error"),
    ],
)
def test_statuses(error: AlternatorError, status: int, kind: str) -> None:
    found = of_worker(error, names={})
    assert (found.status, found.type) == (status, kind)
    assert json.loads(bytes(found.response().body))["error"]["message"] == "x"


def test_a_client_knows_its_file_by_its_own_name() -> None:
    error = MediaError("/tmp/u/upload-1: is not audio; upload-1 was tried")
    names = {"/tmp/u/upload-1": "a.mp3", "upload-1": "a.mp3"}
    assert of_worker(error, names=names).message == "a.mp3: is not audio; a.mp3 was tried"


def test_the_shape() -> None:
    assert refused("language", "no").body == {
        "error": {
            "message": "no",
            "type": "invalid_request_error",
            "param": "language",
            "code": "invalid_value",
        }
    }
    assert ApiError(429, "full").type == "rate_limit_error"
    assert too_large(25 * 10**6).message.startswith("the file is larger than 25 MB")
