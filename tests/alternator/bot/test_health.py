import json
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from clock import Clock
from waiting import wait_for

from alternator.bot.health import SILENCE_SECONDS, Health, main, serve
from alternator.config.settings import HealthSettings
from alternator.errors import ConfigError, StateError


@pytest.fixture
def health(clock: Clock) -> Health:
    health = Health(clock=clock)
    health.ready = True
    return health


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def url(health: Health, port: int) -> Iterator[str]:
    server = serve(health, HealthSettings(port=port))
    assert server is not None
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()


def test_a_bot_at_work_is_well(health: Health, url: str):
    health.server = "reachable"
    health.worker = lambda: "busy"
    health.queue = lambda: {"waiting": 2}
    response = requests.get(f"{url}/health", timeout=5)
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "worker": "busy",
        "server": "reachable",
        "last_success": None,
        "queue": {"waiting": 2},
    }
    health.succeeded()
    assert requests.get(f"{url}/health", timeout=5).json()["last_success"].startswith("20")
    assert requests.get(f"{url}/elsewhere", timeout=5).status_code == 404


def test_a_bot_that_is_starting_is_not_well_yet(clock: Clock):
    code, body = Health(clock=clock).report()
    assert (code, body["status"]) == (503, "starting")


def test_a_worker_that_hangs_is_unhealthy(health: Health):
    health.worker = lambda: "hung"
    code, body = health.report()
    assert (code, body["status"]) == (503, "the Whisper worker hangs")


def test_a_bot_that_is_silent_is_unhealthy(health: Health, clock: Clock):
    clock.now += SILENCE_SECONDS + 1
    code, body = health.report()
    assert (code, body["status"]) == (503, "the bot has been silent for 181 s")
    health.beat()
    assert health.report()[0] == 200


def test_an_unreachable_server_is_no_fault_of_the_bot(health: Health):
    health.server = "unreachable"
    code, body = health.report()
    assert (code, body["server"]) == (200, "unreachable")


def test_the_command_asks_a_running_bot(
    health: Health,
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
    health.worker = lambda: "hung"
    assert main([]) == 1


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
    with pytest.raises(ConfigError) as caught:
        serve(health, HealthSettings(port=port))
    assert str(caught.value) == (
        f"[health] 127.0.0.1:{port} can't be listened on: Address already in use; set [health] "
        f"port to a free one, or to 0 for none"
    )


def test_it_can_be_turned_off(health: Health):
    assert serve(health, HealthSettings(port=0)) is None


def test_a_long_request_is_no_fault(clock: Clock):
    health = Health(clock=clock, longest_request=600)
    health.ready = True
    clock.now += 700
    assert health.report()[0] == 200
    clock.now += 100
    assert health.report()[0] == 503


def test_a_client_that_goes_away_is_no_error(
    health: Health, port: int, url: str, capfd: pytest.CaptureFixture[str]
):
    asked, gone = threading.Event(), threading.Event()

    def worker() -> str:
        asked.set()
        gone.wait(10)
        return "ready"

    health.worker = worker
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET /health HTTP/1.0\r\n\r\n")
        assert asked.wait(10)
    gone.set()
    health.worker = lambda: "ready"
    assert requests.get(f"{url}/health", timeout=5).status_code == 200
    wait_for(lambda: not any("process_request" in t.name for t in threading.enumerate()))
    assert capfd.readouterr().err == ""


def test_a_memory_that_can_not_be_read_is_unhealthy(health: Health):
    def queue() -> dict[str, int]:
        raise StateError("the state file can't be read or written: disk I/O error")

    health.queue = queue
    code, body = health.report()
    assert (code, body["queue"]) == (503, {})
    assert body["status"] == "the state file can't be read or written: disk I/O error"
