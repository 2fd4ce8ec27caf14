"""Which files and variables make up a stack; both Compose generations accept them."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from compose import stack
from compose.errors import ComposeError
from compose.stack import Bot, Project, Stack
from images.catalog import CHECKOUT
from images.engine.engine import Engine
from images.errors import EngineError


@pytest.fixture
def project() -> Project:
    """A project on whatever Compose is here; nothing is started."""
    engine = Engine(os.environ)
    try:
        _ = engine.compose_command
    except EngineError as error:
        pytest.skip(str(error))
    return Project(name="alternator-test", engine=engine)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "alternator.toml"
    path.write_text("")
    return path


@pytest.mark.parametrize("variant", ["cpu", "cuda", "rocm"])
@pytest.mark.parametrize("purpose", ["demo", "account"])
def test_compose_accepts_the_files(
    variant: str, purpose: str, config: Path, project: Project
) -> None:
    groups = {
        "ALTERNATOR_RENDER_GID": "109",
        "ALTERNATOR_VIDEO_GID": "44",
        "ALTERNATOR_NVIDIA_GID": "27",
    }
    config.chmod(0o644)
    bot = Bot(device=variant, image="image:1", variables=groups)
    files = (
        stack.demo_stack(bot, "sandbox:1", 3000)
        if purpose == "demo"
        else stack.account_stack(bot, config)
    )
    text = project.compose(files, "config")
    assert "read_only: true" in text
    assert "no-new-privileges:true" in text
    assert ("/dev/kfd" in text) == (variant == "rocm")
    assert ("nvidia" in text) == variant.startswith("cuda")
    # Not looked for in the text, where pytest's own folder may be its number 109.
    added = yaml.safe_load(text)["services"]["bot"].get("group_add", [])
    expected = {"cpu": [], "cuda": ["27"], "rocm": ["109", "44"]}
    assert [str(group) for group in added] == expected[variant]
    assert (str(config) in text) == (purpose == "account")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_universal_image_gets_a_volume_and_the_wheelhouse(
    device: str, project: Project
) -> None:
    bot = Bot(device=device, image="image:1", universal=True)
    files = stack.demo_stack(bot, "sandbox:1", 3000)
    assert files.overlays == ("compose", device, "universal", "demo")
    text = project.compose(files, "config")
    assert "/var/lib/alternator/builds" in text
    assert f"{CHECKOUT}/images/wheelhouse" in text
    assert "/var/lib/alternator/state" in text
    assert ("nvidia" in text) == (device == "cuda")


def test_the_demo_listens_on_this_machine_only() -> None:
    text = (stack.FOLDER / "demo.yaml").read_text()
    ports = [line.strip() for line in text.splitlines() if ":3000" in line and "- " in line]
    assert ports == ["- 127.0.0.1:${SANDBOX_PORT:-3000}:3000"]


def test_a_config_that_everybody_may_read_leaves_the_images_user(config: Path) -> None:
    config.chmod(0o644)
    assert stack.container_user(config) == "10001:10001"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_private_config_is_read_as_its_owner(config: Path) -> None:
    config.chmod(0o600)
    os.chown(config, 1234, 567)
    assert stack.container_user(config) == "1234:567"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that only root may read")
def test_a_private_config_of_root_names_the_remedy(config: Path) -> None:
    config.chmod(0o600)
    with pytest.raises(ComposeError, match=f"chown 10001:10001 {config}"):
        stack.container_user(config)


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_bad_port_is_named(port: str) -> None:
    with pytest.raises(ComposeError, match=f"SANDBOX_PORT={port} is no port"):
        stack.sandbox_port({"SANDBOX_PORT": port})
    assert stack.sandbox_port({}) == 3000


def test_a_second_project_has_a_name_of_its_own() -> None:
    assert stack.project_here(Engine({})).name == "alternator"
    assert stack.project_here(Engine({"ALTERNATOR_PROJECT": "second"})).name == "second"


def test_a_compose_failure_has_its_last_words(tmp_path: Path, project: Project) -> None:
    (tmp_path / "broken.yaml").write_text("services:\n  bot:\n    image: ${NOT_SET:?say which}\n")
    broken = Stack(overlays=("broken",), variables={})
    with pytest.raises(ComposeError, match="say which"):
        replace(project, folder=tmp_path).compose(broken, "config")


def test_a_service_is_written_in_the_place_of_a_file(tmp_path: Path) -> None:
    bot = Bot(device="rocm", image="image:1", service={"devices": ["/dev/kfd:/dev/kfd"]})
    files = stack.demo_stack(bot, "sandbox:1", 3000)
    (file,) = files.written(tmp_path)
    assert yaml.safe_load(file.read_text()) == {
        "services": {"bot": {"devices": ["/dev/kfd:/dev/kfd"]}}
    }
    assert "rocm" not in files.overlays
    assert stack.everything().written(tmp_path) == []


def test_the_files_need_no_engine_to_be_found() -> None:
    missing = [path for path in stack.everything().files() if not path.is_file()]
    assert missing == []


def test_down_is_refused_without_an_engine(tmp_path: Path) -> None:
    result = subprocess.run(
        [".venv/bin/alternator", "down"],
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"},
        cwd=stack.FOLDER.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("alternator down: no container engine answers")
    assert "Traceback" not in result.stderr
