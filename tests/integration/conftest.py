"""The engine, the images built from this checkout, and the demo stack in a project of its own."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests
from demo_client import Demo
from image_contract import engine

from compose.stack import Stack, demo_stack
from images.build.build import build_sandbox, build_variant
from images.catalog import load_catalog
from images.engine.engine import compose_command
from images.errors import EngineError

__all__ = ["engine"]

PROJECT = "alternator-test"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs an engine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="session")
def cpu_image(engine: docker.DockerClient) -> str:
    """The tag of the CPU image, built from this checkout (from cache where nothing changed)."""
    catalog = load_catalog()
    return build_variant(catalog, catalog.variant("cpu")).tag


@pytest.fixture(scope="session")
def sandbox_image(engine: docker.DockerClient) -> str:
    """The tag of the demo server's image."""
    return build_sandbox(load_catalog()).tag


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
        environment.setenv("SANDBOX_PORT", str(free_port))
        stack = demo_stack("cpu", cpu_image, sandbox_image, {})
        for name, value in stack.variables.items():
            environment.setenv(name, value)
        yield stack


@pytest.fixture(scope="session")
def docker_compose_command(engine: docker.DockerClient) -> str:
    try:
        return " ".join(compose_command())
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
    docker_services: object, docker_compose_project_name: str, free_port: int
) -> Iterator[Demo]:
    """The demo stack, up and healthy."""
    with requests.Session() as session:
        session.headers["Authorization"] = "Bearer sandbox"
        session.trust_env = False
        stack = Demo(
            url=f"http://127.0.0.1:{free_port}",
            session=session,
            project=docker_compose_project_name,
        )
        stack.until_healthy()
        yield stack
