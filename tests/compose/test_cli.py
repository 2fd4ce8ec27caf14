"""What ``alternator up`` decides before it builds anything."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from fake_engine import FakeEngine, fake_builder

from compose import cli
from compose.cli import Choice, Wish
from compose.errors import ComposeError, DeviceError
from images.catalog import Universal, Variant
from images.console import Console
from images.engine.answers import EngineFacts
from probe.machine.variables import CONFIG_FILE
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.schema import Report
from probe.tables.builds import load_table

WITHOUT_TOOLKIT = EngineFacts(machine="x86_64", runtimes=frozenset({"runc"}), secure={})
WITH_RUNTIME = EngineFacts(machine="x86_64", runtimes=frozenset({"runc", "nvidia"}), secure={})


def rtx_4090(
    environ: Mapping[str, str], backend: str | None = None, config: Path | None = None
) -> Report:
    """The report of a machine with a healthy NVIDIA card."""
    name = "nothing" if backend == "cpu" else "rtx-4090-driver-580"
    return replay(read_recording(MACHINES / f"{name}.json"), load_table())


def choose(
    wish: Wish, environ: Mapping[str, str] | None = None, facts: EngineFacts = WITHOUT_TOOLKIT
) -> tuple[Choice, str]:
    """What is chosen there, and what a person is told of it."""
    said = io.StringIO()
    # On an empty PATH there is no hook of the toolkit.
    engine = FakeEngine(facts=facts, environ={"PATH": "/nonexistent", **(environ or {})})
    choice = cli.choose(fake_builder(engine, Console(said)), wish, rtx_4090)
    return choice, said.getvalue()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "alternator.toml"


@pytest.mark.parametrize("key", ["backend", "device"])
def test_a_gpu_that_the_configuration_asks_for_is_an_error_before_the_build(
    config: Path, key: str
) -> None:
    config.write_text(f'[whisper]\n{key} = "cuda"\n')
    with pytest.raises(DeviceError) as caught:
        choose(Wish(config=config))
    message = str(caught.value)
    assert message.startswith(f"[whisper] {key} in alternator.toml (cuda) asks for a GPU: ")
    assert "nvidia-ctk runtime configure" in message
    assert message.endswith("Or set it to auto.")


def test_so_is_one_that_the_environment_asks_for(config: Path) -> None:
    config.write_text("")
    with pytest.raises(DeviceError, match="ALTERNATOR_WHISPER_BACKEND=cuda asks for a GPU"):
        choose(Wish(config=config), {"ALTERNATOR_WHISPER_BACKEND": "cuda"})


def test_and_one_that_the_command_asks_for() -> None:
    with pytest.raises(DeviceError, match=r"^there is an NVIDIA GPU"):
        choose(Wish(variant="cuda"))


@pytest.mark.parametrize("text", ["", '[whisper]\nbackend = "auto"\n', '[whisper]\ndevice="cpu"\n'])
def test_without_such_a_wish_the_cpu_takes_its_place(config: Path, text: str) -> None:
    config.write_text(text)
    choice, said = choose(Wish(config=config))
    assert (choice.image.name, choice.device) == ("cpu", "cpu")
    assert choice.report["selection"]["backend"] == "cpu"
    assert "Using the CPU: there is an NVIDIA GPU" in said


def test_an_engine_with_the_toolkit_gets_the_gpus_image() -> None:
    choice, _ = choose(Wish(), facts=WITH_RUNTIME)
    assert isinstance(choice.image, Variant)
    assert (choice.image.build, choice.device) == ("cuda-2.13.0-cu130", "cuda-runtime")


def test_the_universal_image_is_for_what_the_machine_has() -> None:
    choice, _ = choose(Wish(variant="universal"), facts=WITH_RUNTIME)
    assert isinstance(choice.image, Universal)
    assert choice.device == "cuda-runtime"


def test_the_configuration_is_looked_for_where_the_bot_would(tmp_path: Path, config: Path) -> None:
    config.write_text("")
    assert cli.find_config(config, {}) == config
    assert cli.find_config(None, {CONFIG_FILE: str(config)}) == config
    with pytest.raises(ComposeError, match=r"none\.toml: there is no such file"):
        cli.find_config(tmp_path / "none.toml", {})
