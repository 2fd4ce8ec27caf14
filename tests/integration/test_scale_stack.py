"""``alternator scale`` from nothing: each role is there, and what a killed one costs."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from demo_client import Demo, output_of
from docker.models.containers import Container
from loopback import free_port
from waiting import wait_for

from compose.cli import Wish
from compose.dashboard import PORT_VARIABLE as DASHBOARD_PORT
from compose.scale import ROLES, Scale, down, project_of
from compose.stack import PORT_VARIABLE, PROJECT_VARIABLE, Project
from images.build.builder import Builder
from images.engine.engine import Engine
from probe.report.snippet_settings import USER

pytestmark = pytest.mark.timeout(1200)
DESCRIBED_WITHIN_S = 300
BACK_WITHIN_S = 300


@pytest.fixture(scope="module")
def scaled(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The stack, once it has described the samples; its volumes and secrets go with it."""
    port = free_port()
    state = tmp_path_factory.mktemp("state")
    environ = {
        **os.environ,
        PORT_VARIABLE: str(port),
        DASHBOARD_PORT: str(free_port()),
        PROJECT_VARIABLE: f"alternator-test-{os.getpid()}",
        "XDG_STATE_HOME": str(state),
    }
    with Engine(environ) as engine, requests.Session() as session:
        project = project_of(engine)
        own = replace(builder, engine=engine)
        try:
            assert (
                Scale(builder=own, project=project, wish=Wish(variant="cpu"), workers=2).up() == 0
            )
            session.headers["Authorization"] = "Bearer sandbox"
            session.trust_env = False
            yield Demo(url=f"http://127.0.0.1:{port}", session=session, project=project)
        finally:
            down(project, builder.console, volumes=True)
        assert left(project) == []
        assert list(state.rglob("*-scale")) == []


def left(project: Project) -> list[str]:
    """What the engine still has of a project."""
    client, label = project.engine.client, f"com.docker.compose.project={project.name}"
    found = [
        *client.containers.list(all=True, filters={"label": label}),
        *client.volumes.list(filters={"label": label}),
        *client.networks.list(filters={"label": label}),
    ]
    return [str(one.attrs.get("Name") or one.id) for one in found]


def containers(scaled: Demo, service: str) -> list[Container]:
    assert scaled.project is not None
    labels = [
        f"com.docker.compose.project={scaled.project.name}",
        f"com.docker.compose.service={service}",
    ]
    return scaled.project.engine.client.containers.list(filters={"label": labels})


def kill(container: Container) -> None:
    """End a container's processes as a fault would: `docker kill` counts as asked for, and what was
    asked to end is not started again."""
    container.reload()
    os.kill(container.attrs["State"]["Pid"], signal.SIGKILL)


def until_two(scaled: Demo, service: str) -> None:
    def two() -> bool:
        return len(containers(scaled, service)) == 2

    wait_for(two, BACK_WITHIN_S, f"two containers of {service}", every_s=0.5)


def test_every_role_is_there(scaled: Demo) -> None:
    counts = {role: len(containers(scaled, role)) for role in ROLES}
    assert counts == {"serve": 1, "bot": 1, "worker-vision": 2, "worker-speech": 2, "web": 1}
    said = output_of(containers(scaled, "bot")[0], "alternator", "status")
    assert "the cluster is well" in said
    assert said.count("\nworker ") == 4


@pytest.mark.parametrize("role", [*ROLES, "postgres"])
def test_nothing_runs_as_root_or_can_write_its_root(scaled: Demo, role: str) -> None:
    container = containers(scaled, role)[0]
    user = 10002 if role == "postgres" else USER
    assert output_of(container, "id", "-u").strip() == str(user)
    touched = container.exec_run(["touch", "/usr/x"])
    assert touched.exit_code != 0
    assert b"Read-only file system" in touched.output


def test_a_post_is_described_although_its_workers_are_killed(
    scaled: Demo, speak: Callable[..., Path]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may kill a container's process as a fault does")
    media = scaled.upload(speak("The train leaves at half past nine.", suffix=".mp3"))
    for kind in ("vision", "speech"):
        for worker in containers(scaled, f"worker-{kind}"):
            kill(worker)
    status = scaled.post(status="Who hears this?", media_ids=[media])
    described = scaled.until_described_at_last(status["id"], DESCRIBED_WITHIN_S)
    assert "train leaves" in described["media_attachments"][0]["description"]
    for kind in ("vision", "speech"):
        until_two(scaled, f"worker-{kind}")


def test_the_database_comes_back_and_nothing_is_lost(
    scaled: Demo, speak: Callable[..., Path]
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may kill a container's process as a fault does")
    media = scaled.upload(speak("Six boats crossed the river.", suffix=".ogg"))
    kill(containers(scaled, "postgres")[0])
    status = scaled.post(status="Boats", media_ids=[media])
    described = scaled.until_described_at_last(status["id"], DESCRIBED_WITHIN_S)
    assert "boats" in described["media_attachments"][0]["description"]
