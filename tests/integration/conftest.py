"""The engine, the images built from this checkout, and the demo stack in a project of its own."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from demo_client import Demo
from image_contract import builder, engine

from compose.stack import Bot, Project, Stack, demo_stack
from images.build.build import BuildRequest, build
from images.build.builder import Builder
from images.engine.engine import Engine
from images.errors import EngineError

__all__ = ["builder", "engine"]

PROJECT = "alternator-test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs an engine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def cpu_image(builder: Builder) -> str:
    """The tag of the CPU image, built from this checkout (from cache where nothing changed)."""
    return build(BuildRequest(image=builder.catalog.variant("cpu")), builder).tag


@pytest.fixture(scope="session")
def sandbox_image(builder: Builder) -> str:
    """The tag of the demo server's image."""
    return build(BuildRequest(image=builder.catalog.sandbox), builder).tag


@pytest.fixture(scope="session")
def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def demo_files(cpu_image: str, sandbox_image: str, free_port: int) -> Iterator[Stack]:
    """The demo stack, with the variables that its compose files read."""
    with pytest.MonkeyPatch.context() as environment:
        # pytest-docker runs Compose with the variables of this very process.
        stack = demo_stack(Bot(device="cpu", image=cpu_image), sandbox_image, free_port)
        for name, value in stack.variables.items():
            environment.setenv(name, value)
        yield stack


@pytest.fixture(scope="session")
def docker_compose_command(engine: Engine) -> str:
    try:
        return " ".join(engine.compose_command)
    except EngineError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def docker_compose_file(demo_files: Stack) -> list[str]:
    return [str(path) for path in demo_files.files()]


@pytest.fixture(scope="session")
def docker_compose_project_name() -> str:
    return f"{PROJECT}-{os.getpid()}"


@pytest.fixture(scope="session")
def docker_setup() -> list[str]:
    return ["up --detach"]


@pytest.fixture(scope="session")
def demo(
    engine: Engine, docker_services: object, docker_compose_project_name: str, free_port: int
) -> Iterator[Demo]:
    """The demo stack, up and healthy."""
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sandbox"
        session.trust_env = False
        stack = Demo(
            url=f"http://127.0.0.1:{free_port}",
            session=session,
            project=Project(name=docker_compose_project_name, engine=engine),
        )
        stack.until_healthy()
        yield stack
