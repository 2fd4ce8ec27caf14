"""A container's check of a sandbox server."""

import subprocess
import sys

import pytest

from sandbox.health import answers
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer


@pytest.mark.parametrize("kind", [SandboxServer, VisionServer])
def test_both_servers_are_asked_past_any_proxy(kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with kind() as server:
        assert answers(server.port)
        command = [sys.executable, "-m", "sandbox.health", str(server.port)]
        assert subprocess.run(command, check=False).returncode == 0
    assert not answers(server.port)
    assert subprocess.run(command, check=False).returncode == 1
