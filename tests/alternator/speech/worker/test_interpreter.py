"""The model runs in the Python that the operator names, or it is said what that one lacks."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from alternator.config.models import WhisperSettings
from alternator.errors import ConfigError
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker.interpreter import COMMAND, command_of

Speak = Callable[..., Path]


def refused(python: str, engine: str = "auto") -> str:
    settings = WhisperSettings(engine=engine, python_executable=python)
    with pytest.raises(ConfigError) as caught:
        command_of(settings, os.environ)
    return str(caught.value)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without a package."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def furnished(bare: Path) -> Path:
    """A Python that has torch and openai-whisper, and can't import this package."""
    folder = bare.parents[1].with_name("furnished")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    ours = Path(sysconfig.get_path("purelib"))
    for entry in ours.iterdir():
        if not entry.name.startswith(("alternator", "__editable__")):
            (site / entry.name).symlink_to(entry)
    return folder / "bin" / "python"


@pytest.mark.parametrize("python", ["python3", sys.executable])
def test_the_default_is_the_bots_own(python: str) -> None:
    settings = WhisperSettings(python_executable=python)
    assert command_of(settings, os.environ) == COMMAND
    assert COMMAND[0] == sys.executable


def test_what_another_one_lacks_is_said_before_anything_is_started(bare: Path) -> None:
    assert refused(str(bare)) == (
        f"[whisper] python_executable '{bare}' can't run the model: it lacks torch, "
        f"openai-whisper, silero-vad, safetensors, requests; install them there ({bare} -m pip "
        f"install torch openai-whisper silero-vad safetensors requests), or remove the key, and "
        f"the model runs in the bot's own Python"
    )
    with (
        Transcriber(WhisperSettings(python_executable=str(bare))) as transcriber,
        pytest.raises(ConfigError, match="it lacks torch"),
    ):
        transcriber.start()


@pytest.mark.parametrize(
    ("engine", "lacks"),
    [
        ("faster-whisper", "faster-whisper, requests"),
        ("whisper.cpp", "pywhispercpp, requests"),
        ("openai-api", "numpy, requests"),
    ],
)
def test_each_engine_of_ours_has_needs_of_its_own(bare: Path, engine: str, lacks: str) -> None:
    settings = WhisperSettings(python_executable=str(bare), engine=engine)
    with pytest.raises(ConfigError, match=f"can't run the model: it lacks {lacks}; install"):
        command_of(settings, os.environ)


def test_what_is_no_python_is_said(tmp_path: Path) -> None:
    assert "there is no such program; name one that is there, or remove" in refused("/nowhere/py")
    assert "it does not answer as a Python does; name a Python" in refused("/bin/true")
    broken = tmp_path / "broken"
    broken.write_text("#!/nowhere/at/all\n")
    broken.chmod(0o755)
    assert "it can't be started: " in refused(str(broken))
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\necho \'{"version": [3, 9], "there": []}\'\n')
    old.chmod(0o755)
    assert "it is Python 3.9; name one of 3.11 or newer" in refused(str(old))


def test_a_foreign_engine_knows_its_own_needs(bare: Path, crew: Path, tmp_path: Path) -> None:
    settings = WhisperSettings(engine="crew", model="a crew", python_executable=str(bare))
    words = tmp_path / "words.txt"
    words.write_text("some words")
    with Transcriber(settings) as transcriber:
        assert transcriber.transcribe(words).text == "some words"
        executable = Path(f"/proc/{transcriber.worker_pid}/cmdline").read_bytes().split(b"\0")[0]
        assert executable == str(bare).encode()


def test_whisper_runs_in_the_python_that_was_named(
    furnished: Path, checkpoint: Path, speak: Speak
) -> None:
    pytest.importorskip("whisper")
    alone = subprocess.run(
        [furnished, "-c", "import torch, alternator"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={},
    )
    assert "No module named 'alternator'" in alone.stderr
    settings = WhisperSettings(model=str(checkpoint), python_executable=str(furnished))
    with Transcriber(settings) as transcriber:
        spoken = "Captions help everyone understand."
        assert transcriber.transcribe(speak(spoken)).text == spoken
        command = Path(f"/proc/{transcriber.worker_pid}/cmdline").read_bytes().split(b"\0")
        assert command[0] == str(furnished).encode()
