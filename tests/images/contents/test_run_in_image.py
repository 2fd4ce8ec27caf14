"""A script's answer from inside an image, or why there is none."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_engine import FakeEngine, image_facts

from images.contents.run_in_image import ask
from images.errors import EngineError

TAG = "alternator:1-cpu"


class Answering(FakeEngine):
    """An engine whose one container answers every script alike."""

    def __init__(self, status: int, output: bytes | None, messages: bytes | None) -> None:
        super().__init__(images=[image_facts(TAG)])
        self.answer = SimpleNamespace(exit_code=status, output=(output, messages))
        self.asked: list[list[str]] = []

    @property
    def client(self) -> Any:
        return SimpleNamespace(containers=SimpleNamespace(run=lambda *_, **__: self))

    def exec_run(self, command: list[str], *, demux: bool) -> Any:
        self.asked.append(command)
        return self.answer

    def remove(self, **_: bool) -> None:
        """Nothing runs."""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text("print('{}')")
    return path


def test_what_the_script_prints_is_the_answer(script: Path) -> None:
    engine = Answering(0, b'{"files": []}', None)
    assert ask(engine, TAG, script) == {"files": []}
    assert engine.asked == [["python", "-c", "print('{}')"]]


@pytest.mark.parametrize(
    ("status", "messages", "why"),
    [(1, b"first\nno Python here\n", "no Python here"), (0, None, "it said nothing")],
)
def test_an_image_that_cannot_answer_says_why(
    script: Path, status: int, messages: bytes | None, why: str
) -> None:
    with pytest.raises(EngineError, match=f"{TAG} can't be looked into: {why}"):
        ask(Answering(status, None, messages), TAG, script)


@pytest.mark.parametrize("output", [b"a warning\n{}", b"[" * 100_000])
def test_what_is_no_json_is_told(script: Path, output: bytes) -> None:
    with pytest.raises(EngineError, match=f"{TAG} can't be looked into: it printed no JSON"):
        ask(Answering(0, output, None), TAG, script)
