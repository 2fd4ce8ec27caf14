"""Where no engine can be had, the message has the exact commands to type."""

from pathlib import Path

import pytest
from fake_engine import FakeEngine

from images.console import Console
from images.engine import setup
from images.engine.answers import EngineFacts
from images.engine.apt import Apt
from images.engine.engine import Engine, EngineState
from images.errors import EngineError


def ensure(engine: Engine, *, may_install: bool = True) -> str:
    console = Console()
    apt = Apt(environ=engine.environ, may_install=may_install, console=console)
    return setup.ensure_engine(engine, apt, console)


def test_an_unreachable_docker_host_is_named(tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/nothing.sock"
    with pytest.raises(EngineError, match=f"no engine answers at DOCKER_HOST={address}"):
        ensure(Engine({"DOCKER_HOST": address}))


def test_installing_can_be_forbidden(tmp_path: Path) -> None:
    unreachable = EngineState(reachable=False, why="no socket")
    engine = FakeEngine(state=unreachable, environ={"PATH": str(tmp_path)})  # no dockerd, no docker
    with pytest.raises(EngineError) as failure:
        ensure(engine, may_install=False)
    assert "ALTERNATOR_INSTALL=no forbids it" in str(failure.value)
    assert "apt-get install docker.io docker-compose" in str(failure.value)


def test_permission_denied_names_the_group() -> None:
    denied = EngineState(reachable=False, permission_denied=True)
    with pytest.raises(EngineError, match="usermod -aG docker"):
        ensure(FakeEngine(state=denied))


def test_an_engine_without_its_clients_is_not_complete(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no complete container engine is here"):
        ensure(FakeEngine(environ={"PATH": str(tmp_path)}), may_install=False)


def test_a_pid_file_of_another_program_is_removed(tmp_path: Path) -> None:
    stale, gone = tmp_path / "stale.pid", tmp_path / "gone.pid"
    stale.write_text("1")  # init is certainly not dockerd
    gone.write_text("4194303")
    setup.remove_stale_pid_files({stale: "dockerd", gone: "dockerd"})
    assert not stale.exists()
    assert gone.exists()  # dockerd itself copes with a number that nobody has


def test_podman_without_its_socket_has_its_own_remedy(tmp_path: Path) -> None:
    (tmp_path / "podman").write_text("#!/bin/sh\n")
    (tmp_path / "podman").chmod(0o755)
    unreachable = EngineState(reachable=False, why="no socket")
    engine = FakeEngine(state=unreachable, environ={"PATH": str(tmp_path)})
    with pytest.raises(EngineError, match=r"systemctl .*enable --now podman\.socket"):
        ensure(engine, may_install=False)


def test_podman_needs_compose_and_no_docker(tmp_path: Path) -> None:
    for name in ("podman", "docker-compose"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    engine = FakeEngine(
        facts=EngineFacts(machine="amd64", podman=True, secure={}),
        state=EngineState(reachable=True, version="4.3.1", podman=True),
        environ={"PATH": str(tmp_path)},
    )
    assert ensure(engine) == "Podman 4.3.1"
    (tmp_path / "docker-compose").unlink()
    engine.forget_clients()
    with pytest.raises(EngineError, match="podman-compose passes over limits and devices"):
        ensure(engine)
