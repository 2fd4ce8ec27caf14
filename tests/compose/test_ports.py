"""A port of this machine is ours, free, or another program's."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from fake_engine import FakeEngine

from compose import ports
from compose.errors import ComposeError
from compose.stack import Project


class WithContainer(Project):
    """A project with one container, or none."""

    found: Any = None

    def container(self, service: str) -> Any:
        return self.found if service == "bot" else None


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that a program of this machine listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> WithContainer:
    return WithContainer(name="alternator-test", engine=FakeEngine())


def test_a_taken_port_is_named_with_another(project: WithContainer, taken: int) -> None:
    with pytest.raises(ComposeError, match=f"{taken} .* is taken .* make up SOME_PORT={taken + 1}"):
        ports.check(taken, project, "bot", "SOME_PORT")


def test_a_free_port_is_well(project: WithContainer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ports.check(port, project, "bot", "SOME_PORT")


@pytest.mark.parametrize(
    ("status", "published", "ours"),
    [("running", True, True), ("running", False, False), ("exited", True, False)],
)
def test_a_port_that_a_running_container_of_ours_has_is_well(
    project: WithContainer,
    taken: int,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    published: bool,
    ours: bool,
) -> None:
    # As the engine tells it: a port that is only exposed is bound to nothing.
    bound = [{"HostIp": "127.0.0.1", "HostPort": str(taken)}] if published else None
    container = SimpleNamespace(status=status, ports={"8766/tcp": bound, "9/tcp": None})
    monkeypatch.setattr(WithContainer, "found", container)
    if ours:
        ports.check(taken, project, "bot", "SOME_PORT")
    else:
        with pytest.raises(ComposeError, match="is taken"):
            ports.check(taken, project, "bot", "SOME_PORT")
