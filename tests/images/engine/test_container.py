"""A container lives as long as its block, whatever happens in it."""

from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import DockerException
from fake_engine import FakeEngine, image_facts

from images.engine.container import Container, Ended
from images.errors import EngineError

TAG = "alternator:1-cpu"


class Started:
    """What the SDK gives for a container: it answers every command, and is removed or not."""

    def __init__(self) -> None:
        self.removed = False

    def exec_run(self, command: list[str], *, demux: bool) -> Any:
        return SimpleNamespace(exit_code=3, output=(None, b"what went wrong"))

    def wait(self, *, timeout: float) -> dict[str, int]:
        return {"StatusCode": 7}

    def logs(self, *, stdout: bool = True, stderr: bool = True) -> bytes:
        return b"out" * stdout + b"err" * stderr

    def remove(self, *, force: bool, v: bool) -> None:
        self.removed = force and v


class Running(FakeEngine):
    """An engine with one image, which starts one container of it."""

    def __init__(self, refusal: Exception | None = None) -> None:
        super().__init__(images=[image_facts(TAG)])
        self.started, self.refusal = Started(), refusal
        self.settings: dict[str, Any] = {}

    @property
    def client(self) -> Any:
        return SimpleNamespace(containers=SimpleNamespace(run=self.run_one))

    def run_one(self, image: str, command: list[str], **settings: Any) -> Started:
        if self.refusal is not None:
            raise self.refusal
        self.settings = settings
        return self.started


def test_it_is_removed_at_the_end() -> None:
    engine = Running()
    with Container(engine, TAG, ["run"], read_only=True) as container:
        assert engine.settings == {"detach": True, "read_only": True}
        assert container.until_it_ends(1) == Ended(status=7, output="out", messages="err")
        assert container.said() == "outerr"
        assert not engine.started.removed
    assert engine.started.removed


def test_it_is_removed_where_the_block_fails() -> None:
    engine = Running()
    with pytest.raises(ZeroDivisionError), Container(engine, TAG, ["run"]):
        _ = 1 / 0
    assert engine.started.removed


def test_a_second_command_tells_how_it_ended() -> None:
    with Container(Running(), TAG, ["sleep"]) as container:
        assert container.ask(["false"]) == Ended(3, "", "what went wrong")


def test_an_image_that_is_not_here_is_not_pulled() -> None:
    with (
        pytest.raises(EngineError, match="there is no image other:1 here"),
        Container(Running(), "other:1", []),
    ):
        pass


def test_what_does_not_start_has_the_engines_reason() -> None:
    engine = Running(DockerException("no such runtime"))
    with (
        pytest.raises(EngineError, match=f"{TAG} can't be started: no such runtime"),
        Container(engine, TAG, []),
    ):
        pass
