"""The limit of the bot's container, and the warning before a start that would not end well."""

from pathlib import Path
from typing import Any

import pytest

from compose import memory
from probe.machine.variables import MEMORY_LIMIT
from probe.tables.models import UNKNOWN_LIMIT

CPU: Any = {"selection": {"backend": "cpu"}}
CUDA: Any = {"selection": {"backend": "cuda"}}


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "alternator.toml"
    path.write_text('[whisper]\nmodel = "large-v3"\n')
    return path


def gib(report: Any, config: Path | None) -> int:
    return int(memory.variables(report, config, {})[MEMORY_LIMIT].removesuffix("g"))


def test_a_larger_model_gets_more(large: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text("")
    assert gib(CPU, None) <= gib(CPU, base) < gib(CPU, large)


def test_with_a_gpu_the_limit_is_that_for_the_unknown(large: Path) -> None:
    assert gib(CUDA, large) == UNKNOWN_LIMIT


def test_the_operators_own_limit_stays(large: Path) -> None:
    assert memory.variables(CPU, large, {MEMORY_LIMIT: "5g"}) == {}


def test_a_model_larger_than_the_machine_is_told(large: Path) -> None:
    (line,) = memory.warnings(CPU, large, 4096)
    assert "large-v3 takes up to" in line
    assert 'this machine has 4.0 GiB. Take model = "small" in [whisper].' in line
    assert memory.warnings(CUDA, large, 4096) == []
    assert memory.warnings(CPU, None, 4096) == []
    assert memory.warnings(CPU, large, None) == []
