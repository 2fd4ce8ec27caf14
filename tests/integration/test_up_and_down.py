"""``make up`` and ``make down`` as an operator types them, in a project of their own."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from compose.dashboard import DEMO_TOKEN
from compose.memory import DEMO_MODEL
from images.engine.engine import Engine
from probe.tables.models import memory_limit

ROOT = Path(__file__).parents[2]
PROJECT = f"alternator-up-{os.getpid()}"


@pytest.fixture(scope="module")
def make(cpu_image: str, sandbox_image: str) -> Iterator["Make"]:
    command = Make()
    yield command
    command("down", "VOLUMES=1")


class Make:
    """Runs make targets with a compose project and ports of their own."""

    def __init__(self) -> None:
        with socket.socket() as probe, socket.socket() as other:
            probe.bind(("127.0.0.1", 0))
            other.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
            self.dashboard = other.getsockname()[1]

    def __call__(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "ALTERNATOR_PROJECT": PROJECT,
            "SANDBOX_PORT": str(self.port),
            "DASHBOARD_PORT": str(self.dashboard),
            "XDG_CONFIG_HOME": "/nonexistent",
            **variables,
        }
        return subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )


def containers(engine: Engine) -> list[str]:
    label = f"com.docker.compose.project={PROJECT}"
    return [
        str(item.name) for item in engine.client.containers.list(all=True, filters={"label": label})
    ]


def assert_dashboard_is_there_for_who_knows_the_token(port: int) -> None:
    with requests.Session() as session:
        session.trust_env = False
        url = f"http://127.0.0.1:{port}"
        assert session.get(f"{url}/metrics", timeout=20).status_code == 401
        headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
        page = session.get(f"{url}/posts", headers=headers, timeout=20)
        assert page.status_code == 200
        assert "Landscape picture, 640 by 360 pixels." in page.text


def test_up_then_down(engine: Engine, make: Make) -> None:
    result = make("up", "DEMO=1")
    assert result.returncode == 0, result.stdout + result.stderr
    for expected in (
        "choice    CPU",
        "The bot is healthy.",
        "  audio  Winter is coming soon.",
        "  video  Landscape picture, 640 by 360 pixels.",
        f"http://127.0.0.1:{make.port}/",
        f"http://127.0.0.1:{make.dashboard}/ (token: {DEMO_TOKEN})",
    ):
        assert expected in result.stdout
    told = " ".join(result.stdout.split())
    assert "What is said: Six boats crossed the river. Thank you for watching" in told
    assert "(no description)" not in result.stdout
    assert len(containers(engine)) == 3
    assert_dashboard_is_there_for_who_knows_the_token(make.dashboard)
    (bot,) = [name for name in containers(engine) if "bot" in name]
    limit = engine.client.containers.get(bot).attrs["HostConfig"]["Memory"]
    assert limit == memory_limit(DEMO_MODEL, cpu=True) * 2**30  # not the compose file's own

    again = make("up", "DEMO=1")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Every sample is described." in again.stdout

    assert make("down", "VOLUMES=1").returncode == 0
    assert containers(engine) == []
    label = f"com.docker.compose.project={PROJECT}"
    assert engine.client.volumes.list(filters={"label": label}) == []


@pytest.mark.timeout(600)
def test_the_universal_image_installs_in_sight_and_only_once(engine: Engine, make: Make) -> None:
    first = make("up", "VARIANT=universal", "DEMO=1")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "bot_1: installing torch" in first.stdout.replace("-", "_")
    assert "  audio  Winter is coming soon." in first.stdout
    second = make("up", "VARIANT=universal", "DEMO=1")
    assert second.returncode == 0, second.stdout + second.stderr
    assert "installing torch" not in second.stdout
    assert make("down", "VOLUMES=1").returncode == 0
    label = f"com.docker.compose.project={PROJECT}"
    assert engine.client.volumes.list(filters={"label": label}) == []


def test_a_taken_port_is_named_before_anything_starts(engine: Engine, make: Make) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = make("up", "DEMO=1", SANDBOX_PORT=str(port))
    assert result.returncode != 0
    assert f"port {port} on 127.0.0.1 is taken" in result.stderr
    assert f"make up SANDBOX_PORT={port + 1}" in result.stderr
    assert containers(engine) == []


def test_an_account_with_a_bad_configuration_tells_the_bots_reason(
    make: Make, tmp_path: Path
) -> None:
    config = tmp_path / "alternator.toml"
    config.write_text('[mastodon]\ninstance_url = "https://mastodon.example"\nacces_token = "x"\n')
    result = make("up", f"CONFIG={config}")
    assert result.returncode != 0
    assert "acces_token" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_configuration_file_is_named(make: Make, tmp_path: Path) -> None:
    result = make("up", f"CONFIG={tmp_path}/none.toml")
    assert result.returncode != 0
    assert f"{tmp_path}/none.toml: there is no such file" in result.stderr


def test_a_variant_that_cannot_work_here_is_refused(make: Make) -> None:
    result = make("up", "VARIANT=rocm", "DEMO=1")
    if result.returncode == 0:
        pytest.skip("this machine has an AMD GPU")
    assert "rocm" in result.stderr
    assert "Traceback" not in result.stderr
