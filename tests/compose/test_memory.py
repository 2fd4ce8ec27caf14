"""The limit of the bot's container, and the warning before a start that would not end well."""

from pathlib import Path
from typing import Any

from compose import memory
from probe.machine.variables import MEMORY_LIMIT, WHISPER_MODEL
from probe.tables.models import UNKNOWN_LIMIT

CPU: Any = {"selection": {"backend": "cpu"}}
CUDA: Any = {"selection": {"backend": "cuda"}}


def gib(report: Any, model: str | None) -> int:
    return int(memory.variables(report, model, {})[MEMORY_LIMIT].removesuffix("g"))


def test_a_larger_model_gets_more() -> None:
    assert gib(CPU, memory.DEMO_MODEL) <= gib(CPU, None) < gib(CPU, "large-v3")


def test_with_a_gpu_the_limit_is_that_for_the_unknown() -> None:
    assert gib(CUDA, "large-v3") == UNKNOWN_LIMIT


def test_the_operators_own_limit_stays() -> None:
    assert memory.variables(CPU, "large-v3", {MEMORY_LIMIT: "5g"}) == {}


def test_a_model_larger_than_the_machine_is_told() -> None:
    (line,) = memory.warnings(CPU, "large-v3", 4096)
    assert "large-v3 takes up to" in line
    assert 'this machine has 4.0 GiB. Take model = "small" in [whisper].' in line
    assert memory.warnings(CUDA, "large-v3", 4096) == []
    assert memory.warnings(CPU, memory.DEMO_MODEL, 4096) == []
    assert memory.warnings(CPU, "large-v3", None) == []


def test_the_model_is_the_variables_then_the_configurations(tmp_path: Path) -> None:
    config = tmp_path / "alternator.toml"
    config.write_text('[whisper]\nmodel = "large-v3"\n')
    assert memory.model_of(config, {}) == "large-v3"
    assert memory.model_of(config, {WHISPER_MODEL: "small"}) == "small"  # as the bot takes it
    assert memory.model_of(None, {}) is None
