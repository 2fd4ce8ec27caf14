"""The client that can build is found, not guessed by its place on PATH."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from images.engine import engine
from images.errors import EngineError


@pytest.fixture(autouse=True)
def fresh_cache() -> Iterator[None]:
    engine.build_client.cache_clear()
    engine.compose_command.cache_clear()
    yield
    engine.build_client.cache_clear()
    engine.compose_command.cache_clear()


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


def test_a_new_client_without_buildx_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = fake_client(tmp_path / "new", "28.2.2")
    old = fake_client(tmp_path / "old", "20.10.24+dfsg1")
    monkeypatch.setenv("PATH", f"{new.parent}:{old.parent}:/usr/bin:/bin")
    assert engine.build_client() == old


def test_a_new_client_with_buildx_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = fake_client(tmp_path / "new", "28.2.2", plugins=("buildx",))
    monkeypatch.setenv("PATH", f"{new.parent}:/usr/bin:/bin")
    assert engine.build_client() == new


def test_no_client_that_can_build_names_each_and_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = fake_client(tmp_path / "new", "28.2.2")
    monkeypatch.setenv("PATH", str(new.parent))
    with pytest.raises(EngineError) as failure:
        engine.build_client()
    assert f"{new} (28) has no buildx plug-in" in str(failure.value)
    assert "docker-buildx" in str(failure.value)


def test_compose_plugin_comes_before_the_standalone_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = fake_client(tmp_path / "new", "28.2.2", plugins=("compose",))
    standalone = client.with_name("docker-compose")
    standalone.write_text("#!/bin/sh\n")
    standalone.chmod(0o755)
    monkeypatch.setenv("PATH", str(client.parent))
    assert engine.compose_command() == (str(client), "compose")


def test_no_compose_names_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="docker-compose-v2"):
        engine.compose_command()


def test_an_engine_that_does_not_answer_is_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    state = engine.engine_state()
    assert not state.reachable
    assert state.why
