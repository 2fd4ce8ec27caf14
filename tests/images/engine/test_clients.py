"""The client that can build is found, not guessed by its place on PATH."""

from pathlib import Path

import pytest

from images.engine.clients import BUILDKIT
from images.engine.engine import Engine
from images.errors import EngineError


def fake_client(folder: Path, version: str, *, plugins: tuple[str, ...] = ()) -> Path:
    """A `docker` that tells its version and answers `docker PLUGIN version` for some plug-ins."""
    folder.mkdir()
    script = folder / "docker"
    answers = "".join(f'"{name} version") echo {name} v2 ;;\n' for name in plugins)
    script.write_text(
        f'#!/bin/sh\ncase "$*" in\n--version) echo "Docker version {version}, build 1" ;;\n'
        f'{answers}*) echo "docker: no such command" >&2; exit 1 ;;\nesac\n'
    )
    script.chmod(0o755)
    return script


def on_path(*folders: Path | str) -> Engine:
    """An engine whose clients are looked for in these folders."""
    return Engine({"PATH": ":".join(map(str, folders))})


def test_a_new_client_without_buildx_is_passed_over(tmp_path: Path) -> None:
    new = fake_client(tmp_path / "new", "28.2.2")
    old = fake_client(tmp_path / "old", "20.10.24+dfsg1")
    assert on_path(new.parent, old.parent, "/usr/bin", "/bin").build_client == old


def test_a_new_client_with_buildx_is_taken(tmp_path: Path) -> None:
    new = fake_client(tmp_path / "new", "28.2.2", plugins=("buildx",))
    assert on_path(new.parent, "/usr/bin", "/bin").build_client == new


def test_no_client_that_can_build_names_each_and_the_remedy(tmp_path: Path) -> None:
    new = fake_client(tmp_path / "new", "28.2.2")
    with pytest.raises(EngineError) as failure:
        _ = on_path(new.parent).build_client
    assert f"{new} (28) has no buildx plug-in" in str(failure.value)
    assert "docker-buildx" in str(failure.value)


def test_compose_plugin_comes_before_the_standalone_program(tmp_path: Path) -> None:
    client = fake_client(tmp_path / "new", "28.2.2", plugins=("compose",))
    standalone = client.with_name("docker-compose")
    standalone.write_text("#!/bin/sh\n")
    standalone.chmod(0o755)
    assert on_path(client.parent).compose_command == (str(client), "compose")


def test_no_compose_names_the_packages(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="docker-compose-v2"):
        _ = on_path(tmp_path).compose_command


def test_clients_that_were_installed_meanwhile_are_found(tmp_path: Path) -> None:
    engine = on_path(tmp_path / "new")
    with pytest.raises(EngineError):
        _ = engine.compose_command
    client = fake_client(tmp_path / "new", "28.2.2", plugins=("compose",))
    assert engine.compose_command == (str(client), "compose")
    client.unlink()
    engine.forget_clients()
    with pytest.raises(EngineError):
        _ = engine.compose_command


def test_a_build_gets_buildkit_and_what_the_environment_has() -> None:
    assert Engine({"A": "1"}).build_environ() == {"A": "1", **BUILDKIT}


def test_podmans_emulation_of_docker_builds_nothing_for_us(tmp_path: Path) -> None:
    """Debian's package podman-docker: a `docker` that is Podman, and takes other options."""
    folder = tmp_path / "emulated"
    folder.mkdir()
    script = folder / "docker"
    script.write_text('#!/bin/sh\necho "podman version 4.3.1"\n')
    script.chmod(0o755)
    with pytest.raises(EngineError, match="is not Docker's own"):
        _ = on_path(folder).build_client
