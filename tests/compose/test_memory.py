"""The limit of the bot's container, and the warning before a start that would not end well."""

from pathlib import Path
from typing import Any

import pytest

from compose import memory
from probe.tables.models import UNKNOWN_LIMIT

CPU: dict[str, Any] = {"selection": {"backend": "cpu"}}
CUDA: dict[str, Any] = {"selection": {"backend": "cuda"}}


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(memory.VARIABLE, raising=False)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "alternator.toml"
    path.write_text('[whisper]\nmodel = "large-v3"\n')
    return path


def gib(report: dict[str, Any], config: Path | None) -> int:
    return int(memory.variables(report, config)[memory.VARIABLE].removesuffix("g"))


def test_a_larger_model_gets_more(large: Path, tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    base.write_text("")
    assert gib(CPU, None) <= gib(CPU, base) < gib(CPU, large)


def test_with_a_gpu_the_limit_is_that_for_the_unknown(large: Path) -> None:
    assert gib(CUDA, large) == UNKNOWN_LIMIT


def test_the_operators_own_limit_stays(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory.VARIABLE, "5g")
    assert memory.variables(CPU, large) == {}


def test_a_model_larger_than_the_machine_is_told(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "memory_mib", lambda tree: 4096)
    (line,) = memory.warnings(CPU, large)
    assert "large-v3 takes up to" in line
    assert 'this machine has 4.0 GiB. Take model = "small" in [whisper].' in line
    assert memory.warnings(CUDA, large) == []
    assert memory.warnings(CPU, None) == []
