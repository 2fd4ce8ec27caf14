"""The engine is found where its own clients find it."""

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from images.engine import address
from images.engine.address import with_address


@contextmanager
def listening(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A user on a machine whose own engine does not run, nor root's Podman."""
    monkeypatch.setattr(address, "SYSTEM", str(tmp_path / "docker.sock"))
    monkeypatch.setattr(address, "PODMAN_OF_ROOT", str(tmp_path / "podman.sock"))
    return {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}


def context(home: dict[str, str], name: str, host: object) -> None:
    folder = Path(home["HOME"], ".docker")
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": host}}}))
    (folder / "config.json").write_text(json.dumps({"currentContext": name}))


def test_what_is_said_counts(home: dict[str, str]) -> None:
    context(home, "rootless", "unix:///elsewhere")
    given = {**home, "DOCKER_HOST": "ssh://me@server"}
    assert with_address(given) == given


def test_the_clients_context_is_followed(home: dict[str, str]) -> None:
    context(home, "rootless", "unix:///run/user/1000/docker.sock")
    assert with_address(home)["DOCKER_HOST"] == "unix:///run/user/1000/docker.sock"
    assert with_address({**home, "DOCKER_CONTEXT": "default"}) == {
        **home,
        "DOCKER_CONTEXT": "default",
    }


@pytest.mark.parametrize("host", [None, "", 1])
def test_a_context_that_says_nothing_is_passed_over(home: dict[str, str], host: object) -> None:
    context(home, "broken", host)
    assert with_address(home) == home


def test_a_configuration_that_can_not_be_read_is_passed_over(home: dict[str, str]) -> None:
    folder = Path(home["HOME"], ".docker")
    folder.mkdir(parents=True)
    for text in ("", "[]", '{"currentContext": 1}', "["):
        (folder / "config.json").write_text(text)
        assert with_address(home) == home


def test_the_systems_own_engine_goes_before_others(home: dict[str, str]) -> None:
    with listening(Path(address.SYSTEM)), listening(Path(address.PODMAN_OF_ROOT)):
        assert with_address(home) == home


@pytest.mark.parametrize(
    "place", ["run/docker.sock", "home/.docker/desktop/docker.sock", "run/podman/podman.sock"]
)
def test_a_users_own_engine_is_found(home: dict[str, str], tmp_path: Path, place: str) -> None:
    with listening(tmp_path / place), listening(Path(address.PODMAN_OF_ROOT)):
        assert with_address(home)["DOCKER_HOST"] == f"unix://{tmp_path / place}"


def test_a_socket_that_nobody_listens_at_is_none(home: dict[str, str], tmp_path: Path) -> None:
    with listening(tmp_path / "run" / "docker.sock"):
        pass
    assert with_address(home) == home
    with listening(Path(address.PODMAN_OF_ROOT)):
        assert with_address(home)["DOCKER_HOST"] == f"unix://{address.PODMAN_OF_ROOT}"
