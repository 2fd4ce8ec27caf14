"""What ``alternator up`` decides before it builds anything."""

from pathlib import Path
from typing import Any

import pytest

from compose import cli, devices
from compose.errors import DeviceError
from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.tables.builds import load_table


class EngineWithoutToolkit:
    """An engine that hands no GPU to a container."""

    def info(self) -> dict[str, Any]:
        return {"Runtimes": {"runc": {}}}


class BuildStartedError(Exception):
    """The build was started: whatever should have been said before was not."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "alternator.toml"


@pytest.fixture(autouse=True)
def rtx_4090_without_toolkit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a healthy NVIDIA card whose engine lacks the container toolkit."""

    def probe(backend: str | None = None, config: Path | None = None) -> dict[str, Any]:
        name = "nothing" if backend == "cpu" else "rtx-4090-driver-580"
        return replay(read_recording(MACHINES / f"{name}.json"), load_table())

    def build(*_: object, **__: object) -> None:
        raise BuildStartedError

    for name in ("ALTERNATOR_WHISPER_BACKEND", "ALTERNATOR_WHISPER_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(cli.host_choice, "probe", probe)
    monkeypatch.setattr(cli, "ensure_engine", lambda: "25.0")
    monkeypatch.setattr(cli.render, "write", lambda: None)
    monkeypatch.setattr(cli, "build_variant", build)
    monkeypatch.setattr(devices, "connect", EngineWithoutToolkit)
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    monkeypatch.setattr(devices, "cdi_specifications", lambda tree: [])


@pytest.mark.parametrize("key", ["backend", "device"])
def test_a_gpu_that_the_configuration_asks_for_is_an_error_before_the_build(
    config: Path, key: str
) -> None:
    config.write_text(f'[whisper]\n{key} = "cuda"\n')
    with pytest.raises(DeviceError) as caught:
        cli.up(["--config", str(config)])
    message = str(caught.value)
    assert message.startswith(f"[whisper] {key} in alternator.toml (cuda) asks for a GPU: ")
    assert "nvidia-ctk runtime configure" in message
    assert message.endswith("Or set it to auto.")


def test_so_is_one_that_the_environment_asks_for(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text("")
    monkeypatch.setenv("ALTERNATOR_WHISPER_BACKEND", "cuda")
    with pytest.raises(DeviceError, match="ALTERNATOR_WHISPER_BACKEND=cuda asks for a GPU"):
        cli.up(["--config", str(config)])


@pytest.mark.parametrize("text", ["", '[whisper]\nbackend = "auto"\n', '[whisper]\ndevice="cpu"\n'])
def test_without_such_a_wish_the_cpu_takes_its_place(
    config: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(text)
    with pytest.raises(BuildStartedError):
        cli.up(["--config", str(config)])
    assert "Using the CPU: there is an NVIDIA GPU" in capsys.readouterr().out
