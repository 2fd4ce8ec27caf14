"""Which Whisper model fits which memory, of a GPU or of the machine."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from probe.facts import Gpu
from probe.numbers import MIB

TABLE = Path(__file__).with_name("whisper_models.toml")
# The table has one entry for each size; these are the other names that openai-whisper knows.
ALIASES = {"large": "large-v3", "large-v1": "large-v3", "large-v2": "large-v3"}
ALIASES |= {"large-v3-turbo": "turbo"}
DEFAULT_MODEL = "base"  # of [whisper] model
# The container's memory limit where nobody measured what the bot takes: with a GPU, and with a
# checkpoint of one's own. In GiB, as all limits here.
UNKNOWN_LIMIT = 16


@dataclass(frozen=True, kw_only=True)
class WhisperModel:
    """One model, the GPU memory that it asks for, and what the bot takes with it on a CPU."""

    name: str
    memory_mib: int
    cpu_mib: int


def load_models() -> tuple[WhisperModel, ...]:
    """All models, best first."""
    data = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        WhisperModel(
            name=name,
            memory_mib=int(size * 10**9 // MIB),
            cpu_mib=int(data["cpu_mb"][name] * 10**6 // MIB),
        )
        for name, size in data["memory_gb"].items()
    )


def room(gpu: Gpu) -> int | None:
    """The memory that a model could take: what is free, else what there is; MiB, or None."""
    return gpu.memory_free_mib if gpu.memory_free_mib is not None else gpu.memory_mib


def best_model(memory_mib: int) -> WhisperModel | None:
    """The best model that fits, or None."""
    return next((model for model in load_models() if model.memory_mib <= memory_mib), None)


def find_model(name: str) -> WhisperModel | None:
    """A model by the name that openai-whisper gives it; None for a checkpoint of one's own."""
    size = ALIASES.get(name, name.removesuffix(".en"))
    return next((model for model in load_models() if model.name == size), None)


def memory_limit(name: str | None, *, cpu: bool) -> int:
    """The limit for the bot's container in GiB: above it something is wrong.

    What was measured and a tenth, and 1 GiB for what stands beside the model: pictures, frames of
    videos, files in /tmp.
    """
    model = find_model(name or DEFAULT_MODEL)
    if model is None or not cpu:
        return UNKNOWN_LIMIT
    return math.ceil(model.cpu_mib * 1.1 / 1024 + 1)


def shortage(name: str | None, memory_mib: int | None) -> tuple[WhisperModel, str] | None:
    """The model that is too large for a machine without a GPU, and the one to take; or None."""
    model = find_model(name or DEFAULT_MODEL)
    if model is None or memory_mib is None or model.cpu_mib <= memory_mib:
        return None
    fitting = (other.name for other in load_models() if other.cpu_mib <= memory_mib)
    return model, next(fitting, load_models()[-1].name)
