import json
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from clock import Clock
from waiting import wait_for

from alternator.accounts.health import AccountHealth
from alternator.bot.health import SILENCE_SECONDS, Health, serving
from alternator.bot.health_address import announced
from alternator.bot.health_command import main
from alternator.config.settings import HealthSettings
from alternator.errors import ConfigError, StateError, TemporaryServerError
from alternator.speech.worker.slot import WorkerReport
from alternator.store.outcomes import AttachmentState

SINCE = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


class Parts:
    """What a bot's health is made of: its worker, its queue and its server."""

    def __init__(self) -> None:
        self.worker_state = "ready"
        self.workers: list[WorkerReport] = []
        self.waiting: dict[AttachmentState, int] = {}
        self.trouble = ""
        self.halted: str | None = None
        self.asked, self.answered = threading.Event(), threading.Event()
        self.answered.set()
        self.server = AccountHealth(lambda: SINCE)

    @property
    def state(self) -> str:
        self.asked.set()
        self.answered.wait(10)
        return self.worker_state

    def queue(self) -> Mapping[AttachmentState, int]:
        if self.trouble:
            raise StateError(self.trouble)
        return self.waiting


@pytest.fixture
def parts() -> Parts:
    return Parts()


def health_of(parts: Parts, clock: Clock, **options: float) -> Health:
    return Health(server=parts.server, queue=parts, worker=parts, clock=clock, **options)


@pytest.fixture
def health(parts: Parts, clock: Clock) -> Health:
    """Of a bot whose start is over."""
    health = health_of(parts, clock)
    health.ready()
    return health


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def url(health: Health, port: int) -> Iterator[str]:
    with serving(health, HealthSettings(port=port)):
        yield f"http://127.0.0.1:{port}"


def test_a_bot_at_work_is_well(health: Health, parts: Parts, url: str):
    parts.server.recovered()
    parts.worker_state = "busy"
    parts.workers = [
        WorkerReport(device="cuda:1", state="busy", pid=12, requests=3, why=""),
        WorkerReport(device="cuda", state="left out", pid=None, requests=0, why="it is broken"),
    ]
    parts.waiting = {"waiting": 2}
    response = requests.get(f"{url}/health", timeout=5)
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "worker": "busy",
        "workers": [
            {"device": "cuda:1", "state": "busy", "pid": 12, "requests": 3, "why": ""},
            {
                "device": "cuda",
                "state": "left out",
                "pid": None,
                "requests": 0,
                "why": "it is broken",
            },
        ],
        "server": "reachable",
        "server_since": "2026-11-28T12:00:00+00:00",
        "last_success": None,
        "queue": {"waiting": 2},
        "halted": None,
    }
    health.succeeded()
    assert requests.get(f"{url}/health", timeout=5).json()["last_success"].startswith("20")
    assert requests.get(f"{url}/elsewhere", timeout=5).status_code == 404


def test_a_bot_that_edits_nothing_any_more_says_so_and_is_not_restarted_for_it(
    health: Health, parts: Parts
):
    parts.halted = "the edit of post 5 changed more than descriptions: text"
    code, body = health.report()
    assert (code, body["status"], body["halted"]) == (200, "ok", parts.halted)


def test_a_bot_that_is_starting_is_not_well_yet(parts: Parts, clock: Clock):
    health = health_of(parts, clock)
    code, body = health.report()
    assert (code, body["status"]) == (503, "starting")
    health.ready()
    assert health.report()[0] == 200


def test_a_start_that_waits_for_the_server_is_no_fault_of_the_bot(parts: Parts, clock: Clock):
    health = health_of(parts, clock)
    parts.server.failed(TemporaryServerError("it is down"))
    code, body = health.report()
    assert (code, body["status"], body["server"]) == (200, "ok", "unreachable")
    parts.server.recovered()  # the model is still to be loaded
    assert health.report()[0] == 503


def test_a_worker_that_is_turned_off_is_told(parts: Parts, clock: Clock):
    health = Health(server=parts.server, queue=parts, worker=None, clock=clock)
    health.ready()
    code, body = health.report()
    assert (code, body["worker"]) == (200, "disabled")


def test_a_worker_that_hangs_is_unhealthy(health: Health, parts: Parts):
    parts.worker_state = "hung"
    code, body = health.report()
    assert (code, body["status"]) == (503, "the Whisper worker hangs")


def test_a_bot_that_is_silent_is_unhealthy(health: Health, clock: Clock):
    clock.now += SILENCE_SECONDS + 1
    code, body = health.report()
    assert (code, body["status"]) == (503, "the bot has been silent for 181 s")
    health.beat()
    assert health.report()[0] == 200


def test_a_transcription_that_is_silent_is_unhealthy_and_a_long_one_is_not(
    health: Health, clock: Clock
):
    for _ in range(60):
        clock.now += 60
        health.beat()
        health.speech.beat()
        assert health.report()[0] == 200
    clock.now += SILENCE_SECONDS + 1
    health.beat()
    code, body = health.report()
    said = "the work on a post with speech has been silent for 181 s"
    assert (code, body["status"]) == (503, said)
    health.speech.end()
    assert health.report()[0] == 200


def test_an_unreachable_server_is_no_fault_of_the_bot(health: Health, parts: Parts):
    parts.server.failed(TemporaryServerError("it is down"))
    code, body = health.report()
    assert (code, body["server"]) == (200, "unreachable")


def test_the_command_asks_a_running_bot(
    parts: Parts,
    url: str,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ALTERNATOR_HEALTH_PORT", str(port))
    monkeypatch.setenv("ALTERNATOR_HEALTH_HOST", "0.0.0.0")
    # A proxy for the world outside is none of its business.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert main([]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "ok"
    parts.worker_state = "hung"
    assert main([]) == 1


def test_the_command_asks_where_the_bot_really_listens(
    url: str,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    """Of a bot that was started with a configuration of its own, as a container's command."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ALTERNATOR_STATE_DIR", str(tmp_path))
    with announced(tmp_path, HealthSettings(port=port)):
        assert main([]) == 0
    assert main([]) == 1
    assert capsys.readouterr().out.endswith("no bot answers on 127.0.0.1:8765\n")


def test_the_command_says_when_there_is_no_bot(
    port: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    config = tmp_path / "other.toml"
    config.write_text(f"[health]\nport = {port}\n")
    assert main(["--config", str(config)]) == 1
    assert capsys.readouterr().out == f"no bot answers on 127.0.0.1:{port}\n"
    config.write_text("[health]\nport = 0\n")
    with pytest.raises(ConfigError, match="the health answer is turned off"):
        main(["--config", str(config)])


def test_a_port_that_is_taken_is_one_line(health: Health, url: str, port: int):
    with pytest.raises(ConfigError) as caught, serving(health, HealthSettings(port=port)):
        pass
    assert str(caught.value) == (
        f"[health] 127.0.0.1:{port} can't be listened on: Address already in use; set [health] "
        f"port to a free one, or to 0 for none"
    )


def test_it_can_be_turned_off(health: Health):
    threads = threading.active_count()
    with serving(health, HealthSettings(port=0)):
        assert threading.active_count() == threads


def test_a_long_request_is_no_fault(parts: Parts, clock: Clock):
    health = health_of(parts, clock, longest_request=600)
    health.ready()
    clock.now += 700
    assert health.report()[0] == 200
    clock.now += 100
    assert health.report()[0] == 503


def test_a_client_that_goes_away_is_no_error(
    parts: Parts,
    port: int,
    url: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
):
    parts.answered.clear()
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert parts.asked.wait(10)
    parts.answered.set()
    assert requests.get(f"{url}/health", timeout=5).status_code == 200
    wait_for(lambda: not any("process_request" in t.name for t in threading.enumerate()))
    assert capfd.readouterr().err == ""
    assert caplog.records == []


def test_a_defect_is_an_error_in_the_log_once_with_its_trace(
    parts: Parts, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken() -> Mapping[AttachmentState, int]:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(parts, "queue", broken)
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/health", timeout=5)
    wait_for(lambda: caplog.records)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)


def test_a_memory_that_can_not_be_read_is_unhealthy(health: Health, parts: Parts):
    parts.trouble = "the state file can't be read or written: disk I/O error"
    code, body = health.report()
    assert (code, body["queue"]) == (503, {})
    assert body["status"] == "the state file can't be read or written: disk I/O error"
