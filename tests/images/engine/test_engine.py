"""The engine: whether it answers, and what it builds with."""

import os
import socket
from pathlib import Path

import pytest
from fake_engine import FakeEngine

from images.engine.answers import EngineFacts
from images.engine.engine import Engine
from images.errors import EngineError


def test_an_engine_that_does_not_answer_is_a_state(tmp_path: Path) -> None:
    with Engine({"DOCKER_HOST": f"unix://{tmp_path}/nothing.sock"}) as engine:
        state = engine.state()
        assert not state.reachable
        assert state.why
        with pytest.raises(EngineError, match="no container engine answers"):
            engine.find("anything")


def test_podman_builds_with_its_own_command(tmp_path: Path) -> None:
    facts = EngineFacts(machine="amd64", podman=True, secure={})
    environ = {"PATH": str(tmp_path), "DOCKER_HOST": "unix:///run/podman/podman.sock"}
    with pytest.raises(EngineError, match="its own command, which builds, is not on PATH"):
        _ = FakeEngine(facts=facts, environ=environ).build_command
    client = tmp_path / "podman"
    client.write_text("#!/bin/sh\n")
    client.chmod(0o755)
    assert FakeEngine(facts=facts, environ=environ).build_command == (
        str(client),
        "--url",
        "unix:///run/podman/podman.sock",
        "build",
        "--format=docker",  # the other form has no health check
    )
    del environ["DOCKER_HOST"]
    assert "--url" not in FakeEngine(facts=facts, environ=environ).build_command


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("unix:///nonexistent/docker.sock", "No such file or directory"),
        ("tcp://127.0.0.1:1", "Connection refused"),
        ("nonsense", "Invalid bind address format"),
    ],
)
def test_no_engine_is_told_in_the_systems_words(address: str, reason: str) -> None:
    engine = Engine({"DOCKER_HOST": address})
    assert reason in (engine.state().why or "")
    with pytest.raises(EngineError) as caught:
        engine.facts()
    said = str(caught.value)
    assert f"no container engine answers at {address}: " in said
    assert reason in said
    assert "Max retries" not in said
    assert "Start it (`sudo systemctl start docker`)" in said
    assert not engine.state().permission_denied


@pytest.mark.skipif(os.geteuid() == 0, reason="root may connect everywhere")
def test_a_socket_of_others_is_a_matter_of_permission(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0o000)
        assert Engine({"DOCKER_HOST": f"unix://{path}"}).state().permission_denied
