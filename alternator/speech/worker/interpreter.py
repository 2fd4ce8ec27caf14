"""The Python that a worker runs in: the bot's own, or the one that the operator names.

Another one has packages of its own. It gets this package, by ``foreign_start.py``, and nothing
else of ours: its torch is its own, whatever Python version that was built for.
"""

import importlib.metadata
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import alternator
from alternator.config.models import OWN_PYTHON, WhisperSettings
from alternator.config.variables import without_secrets
from alternator.errors import ConfigError
from alternator.speech.engines.registry import OURS
from alternator.speech.worker import foreign_start
from alternator.speech.worker.words import is_whisper
from probe.errors import reason_of
from probe.tables.visibility import readable

# -P: a file torch.py or whisper.py in the working directory is not the library.
COMMAND = (sys.executable, "-P", "-m", "alternator.speech.worker.main")
CHECK_SECONDS = 60.0
LEAST_VERSION = (3, 11)  # as in pyproject.toml

# What Whisper needs, by module, and the package that has it. They bring numpy, tqdm and tiktoken.
NEEDED = {
    "torch": "torch",
    "whisper": "openai-whisper",
    "silero_vad": "silero-vad",
    "safetensors": "safetensors",
    "requests": "requests",
}
# Likewise, what other engines of ours need.
NEEDED_BY: Mapping[str, Mapping[str, str]] = {
    "faster-whisper": {"faster_whisper": "faster-whisper", "requests": "requests"},
    "openai-api": {"numpy": "numpy", "requests": "requests"},
    "whisper.cpp": {"pywhispercpp": "pywhispercpp", "requests": "requests"},
}
# Says what is there without importing it, which for torch alone takes seconds.
QUESTION = (
    "import importlib.util, json, sys\n"
    "sys.path[:] = [entry for entry in sys.path if entry]\n"
    "there = [name for name in sys.argv[1:] if importlib.util.find_spec(name)]\n"
    "print(json.dumps({'version': list(sys.version_info[:2]), 'there': there}))\n"
)


def command_of(settings: WhisperSettings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command that starts a worker. ConfigError says what the Python lacks, and how to have it.

    A foreign engine's needs are its own to know; of such only the version of Python is checked.
    """
    name = settings.python_executable
    if name == OWN_PYTHON:
        return COMMAND
    found = shutil.which(Path(name).expanduser(), path=environ.get("PATH"))
    if found is None:
        raise wrong(name, "there is no such program", "name one that is there")
    if Path(found).absolute() == Path(sys.executable).absolute():
        return COMMAND
    engine = settings.engine
    needed = NEEDED_BY.get(engine, NEEDED if is_whisper(engine) else {})
    check(name, found, needed, environ)
    return (found, "-P", str(Path(foreign_start.__file__)), *places())


def check(name: str, found: str, needed: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """ConfigError unless it is a Python that is new enough and has these modules."""
    try:
        asked = subprocess.run(
            [found, "-c", QUESTION, *needed],
            capture_output=True,
            timeout=CHECK_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
            env=readable(without_secrets(environ)),
        )
        answer = json.loads(asked.stdout)
        version, there = tuple(answer["version"]), answer["there"]
    except OSError as error:
        raise wrong(name, f"it can't be started: {reason_of(error)}", "name a Python") from None
    except (subprocess.SubprocessError, ValueError, KeyError, TypeError):
        raise wrong(name, "it does not answer as a Python does", "name a Python") from None
    if version < LEAST_VERSION:
        what = f"it is Python {version[0]}.{version[1]}"
        raise wrong(name, what, "name one of {}.{} or newer".format(*LEAST_VERSION))
    if missing := [package for module, package in needed.items() if module not in there]:
        install = f"install them there ({found} -m pip install {' '.join(missing)})"
        raise wrong(name, f"it lacks {', '.join(missing)}", install)


def wrong(name: str, what: str, remedy: str) -> ConfigError:
    """For a Python that can't be used."""
    return ConfigError(
        f"[whisper] python_executable {name!r} can't run the model: {what}; {remedy}, or remove "
        f"the key, and the model runs in the bot's own Python"
    )


def places() -> tuple[str, str]:
    """Where this package lies, and where what pip wrote down of it, by which engines are found; ''
    where it is not installed."""
    try:
        record = importlib.metadata.distribution(OURS)
    except importlib.metadata.PackageNotFoundError:
        record = None
    # The one of an installation on disk has its folder; there is no public name for it.
    folder = getattr(record, "_path", None)
    return str(Path(alternator.__file__).parents[1]), str(folder) if folder is not None else ""
