"""Where no engine can be had, the message has the exact commands to type."""

from pathlib import Path

import pytest

from images.engine import apt, setup
from images.errors import EngineError


def test_an_unreachable_docker_host_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(EngineError, match="DOCKER_HOST=unix://"):
        setup.ensure_engine()


def test_installing_can_be_forbidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(apt.INSTALL_VARIABLE, "no")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))  # no dockerd, no docker
    monkeypatch.setattr(setup.engine, "engine_state", unreachable)
    with pytest.raises(EngineError) as failure:
        setup.ensure_engine()
    assert "ALTERNATOR_INSTALL=no forbids it" in str(failure.value)
    assert "sudo apt-get install docker.io docker-compose" in str(failure.value)


def unreachable() -> setup.engine.EngineState:
    return setup.engine.EngineState(reachable=False, why="no socket")


def test_permission_denied_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = setup.engine.EngineState(reachable=False, permission_denied=True)
    monkeypatch.setattr(setup.engine, "engine_state", lambda: denied)
    with pytest.raises(EngineError, match="usermod -aG docker"):
        setup.ensure_engine()


def test_a_pid_file_of_another_program_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale, gone = tmp_path / "stale.pid", tmp_path / "gone.pid"
    stale.write_text("1")  # init is certainly not dockerd
    gone.write_text("4194303")
    monkeypatch.setattr(setup, "PID_FILES", {stale: "dockerd", gone: "dockerd"})
    setup._remove_stale_pid_files()
    assert not stale.exists()
    assert gone.exists()  # dockerd itself copes with a number that nobody has
