"""Both servers as programs."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from waiting import wait_for

from sandbox.samples.samples import load_samples

START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(process: subprocess.Popen[bytes], url: str) -> bool:
    """Whether a server answers; fails when its process has ended."""
    assert process.poll() is None, "the server ended at once"
    try:
        return requests.get(f"{url}/sandbox/health", timeout=1).ok
    except requests.ConnectionError:
        return False


@contextmanager
def program(module: str, *arguments: str) -> Iterator[str]:
    """A running ``python -m MODULE``; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", module, "--port", str(port), *arguments]
    log = Path(arguments[arguments.index("--data") + 1], "log") if "--data" in arguments else None
    with (log or Path(os.devnull)).open("a") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(process, url), START_SECONDS, "the server's start")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_restart_keeps_posts_and_adds_no_samples_again(connect, tmp_path):
    arguments = ("--data", str(tmp_path), "--samples")
    with program("sandbox.server", *arguments) as url:
        api = connect(url)
        before = api("GET", "/api/v1/timelines/home").json()
        assert len(before) == len(load_samples())
        newest = before[0]
        media_id = newest["media_attachments"][0]["id"]
        body = {
            "status": "edited",
            "media_ids": [media_id],
            "media_attributes": [{"id": media_id, "description": "kept", "focus": "0.1,0.2"}],
            "poll": None,
        }
        api("PUT", f"/api/v1/statuses/{newest['id']}", json=body)
        poll = {"options": ["a", "b"], "expires_in": 300}
        api("POST", "/api/v1/statuses", json={"status": "poll", "poll": poll})
        path = "/api/v1/timelines/home"
        before = [without_links(status, url) for status in api("GET", path).json()]
    with program("sandbox.server", *arguments) as url:
        api = connect(url)
        after = [without_links(status, url) for status in api("GET", path).json()]
        history = api("GET", f"/api/v1/statuses/{newest['id']}/history").json()
        file = api("GET", after[1]["media_attachments"][0]["url"])
    assert after == before
    assert len(history) == 2
    assert file.status_code == 200


def without_links(status: dict, url: str) -> dict:
    """A status that compares equal whatever port its server has."""
    relative: dict = json.loads(json.dumps(status).replace(url, ""))
    return relative


def test_vision_endpoint_starts():
    with program("sandbox.vision.server", "--key", "secret") as url:
        assert requests.get(f"{url}/v1/models", timeout=5).status_code == 401


@pytest.mark.parametrize("module", ["sandbox.server", "sandbox.vision.server"])
def test_wrong_port_is_named(module):
    done = subprocess.run(
        [sys.executable, "-m", module],
        env=os.environ | {"SANDBOX_PORT": "x", "SANDBOX_VISION_PORT": "x"},
        cwd=Path(__file__).parents[2],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "--port: invalid int value: 'x'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_unreadable_state_is_named(tmp_path, content, monkeypatch):
    for name in ("SANDBOX_PORT", "SANDBOX_HOST"):  # empty counts as not set
        monkeypatch.setenv(name, "")
    (tmp_path / "state.json").write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.server", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr


def test_it_is_like_another_server_if_told_so(tmp_path, monkeypatch):
    with program("sandbox.server", "--data", str(tmp_path), "--dialect", "takahe") as url:
        assert requests.get(f"{url}/api/v1/instance", timeout=5).json()["version"] == (
            "takahe/0.11.0"
        )
    monkeypatch.setenv("SANDBOX_DIALECT", "nobody's")
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.server", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "SANDBOX_DIALECT names no server: one of mastodon-4.0" in done.stderr


def test_ordered_faults_leave_no_traceback_in_the_log(tmp_path):
    with program("sandbox.server", "--data", str(tmp_path)) as url:
        headers = {"Authorization": "Bearer sandbox"}
        with requests.get(
            f"{url}/api/v1/streaming/user", headers=headers, stream=True, timeout=5
        ) as stream:
            requests.post(f"{url}/sandbox/streams", json={"drop": True}, timeout=5)
            with pytest.raises(requests.exceptions.ChunkedEncodingError):
                list(stream.iter_lines())
        requests.post(f"{url}/sandbox/faults", json={"path": "/", "drop": True}, timeout=5)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(f"{url}/", timeout=5)
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("module", ["sandbox", "sandbox.server", "sandbox.vision"])
def test_the_names_that_people_type_run(module: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "--port" in result.stdout
    assert result.stderr == ""  # no warning of runpy's either
