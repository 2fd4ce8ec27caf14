"""Which Whisper model fits which memory."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from probe.facts import Gpu
from probe.parse.numbers import MIB

TABLE = Path(__file__).with_name("whisper_models.toml")
# The table has one entry for each size; these are the other names that openai-whisper knows.
ALIASES = {"large": "large-v3", "large-v1": "large-v3", "large-v2": "large-v3"}
ALIASES |= {"large-v3-turbo": "turbo"}


@dataclass(frozen=True, kw_only=True)
class WhisperModel:
    """One model and the GPU memory that it asks for."""

    name: str
    memory_mib: int


def load_models() -> tuple[WhisperModel, ...]:
    """All models, best first."""
    data = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return tuple(
        WhisperModel(name=name, memory_mib=int(size * 10**9 // MIB))
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
