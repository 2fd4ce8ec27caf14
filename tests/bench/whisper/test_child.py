"""An engine in a process of its own: requests, answers, and an end that is said."""

import json

import pytest

from bench.whisper.child import serve
from bench.whisper.engines import Hearing, Loading
from bench.whisper.peers import Child, MissingError


class Echo:
    """An engine that hears the names of its files."""

    def __init__(self) -> None:
        self.loaded: Loading | None = None

    def load(self, what: Loading) -> None:
        if what.model == "missing":
            raise FileNotFoundError("no such model")
        self.loaded = what

    def transcribe(self, what: Hearing) -> list[str]:
        return [file.upper() for file in what.files]


def answers(*requests: dict[str, object]) -> list[dict[str, object]]:
    """What the child writes."""
    written: list[str] = []
    serve(Echo(), map(json.dumps, requests), written.append)
    return [json.loads(line) for line in written]


def test_each_request_has_its_answer_with_time_and_memory() -> None:
    loaded, heard = answers({"do": "load", "model": "m"}, {"do": "transcribe", "files": ["a", "b"]})
    assert loaded["texts"] == []
    assert heard["texts"] == ["A", "B"]
    assert "error" not in heard
    assert isinstance(heard["seconds"], float)
    assert isinstance(heard["peak"], int)
    assert heard["peak"] > 10**6


def test_what_fails_is_an_answer_and_not_the_end() -> None:
    failed, heard = answers(
        {"do": "load", "model": "missing"}, {"do": "transcribe", "files": ["a"]}
    )
    assert failed["error"] == "FileNotFoundError: no such model"
    assert heard["texts"] == ["A"]


def test_an_engine_that_is_not_installed_is_missing_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("ALTERNATOR_REAL", str(tmp_path))
    monkeypatch.setenv("BENCH_PEERS", "/bin/false")
    with Child("faster") as child, pytest.raises(MissingError, match="faster ended: exit"):
        child.load(Loading(model="m"))
