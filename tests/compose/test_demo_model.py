"""Which model the demo takes, by what the command in the container says."""

import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from fake_engine import FakeEngine

from compose.demo_model import MODEL_VARIABLE, cache_here, reason, with_model
from compose.errors import ComposeError
from compose.stack import Project, Stack
from images.console import Console

STACK = Stack(overlays=("compose", "cpu", "demo"), variables={"A": "b"})
NO_NETWORK = (
    "Compose failed (run --rm):\n"
    "downloading the Whisper model 'base'\n"
    "alternator models: the Whisper model 'base' can't be loaded: /models/base.pt is not there, "
    "and it can't be downloaded from models.example (Name or service not known); put it there\n"
    "5"
)


class Answering(Project):
    """Compose, which gives one answer, and keeps what it was asked."""

    def compose(self, stack: Stack, *arguments: str) -> str:
        ASKED.append((stack, arguments))
        if isinstance(ANSWER[0], Exception):
            raise ANSWER[0]
        return ANSWER[0]


ASKED: list[tuple[Stack, tuple[str, ...]]] = []
ANSWER: list[str | Exception] = []


def chosen(answer: str | Exception, environ: Mapping[str, str]) -> tuple[Stack, str]:
    ASKED.clear()
    ANSWER[:] = [answer]
    said = io.StringIO()
    project = Answering(name="demo", engine=FakeEngine(environ=dict(environ)))
    return with_model(project, STACK, Console(said)), said.getvalue().strip().splitlines()[-1]


def test_one_that_is_in_the_volume_or_was_downloaded(tmp_path: Path) -> None:
    stack, said = chosen(
        "downloading the Whisper model 'base'\nbase: /var/lib/alternator/models/base.pt\n",
        {"HOME": str(tmp_path)},
    )
    assert stack.variables == {"A": "b", MODEL_VARIABLE: "base"}
    assert stack.overlays == STACK.overlays
    assert said == "Whisper: OpenAI's model base, kept in the stack's volume."
    ((_, asked),) = ASKED
    assert asked[:7] == ("run", "--rm", "--no-deps", "-T", "--entrypoint", "alternator", "bot")
    assert asked[-2:] == ("base", "tiny")


@pytest.mark.parametrize("place", [".cache/whisper", ".alternator/models"])
def test_one_on_this_machine_is_mounted(tmp_path: Path, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    (folder / "tiny.pt").write_bytes(b"x")
    stack, said = chosen(
        "tiny: /opt/alternator/demo-cache/whisper/tiny.pt\n", {"HOME": str(tmp_path)}
    )
    assert stack.overlays[-1] == "demo-cache"
    assert stack.variables["ALTERNATOR_DEMO_CACHE"] == str(folder)
    assert stack.variables[MODEL_VARIABLE] == "tiny"
    assert said == f"Whisper: OpenAI's model tiny, found in {folder}."


def test_without_a_network_the_small_one(tmp_path: Path) -> None:
    stack, said = chosen(ComposeError(NO_NETWORK), {"HOME": str(tmp_path)})
    assert stack == STACK
    assert said == (
        "Whisper: the demo's small checkpoint, which knows the sample posts' phrases alone, since "
        "none of OpenAI's can be had: models.example does not give it (Name or service not known)"
    )


def test_what_was_asked_for(tmp_path: Path) -> None:
    stack, said = chosen("", {"HOME": str(tmp_path), "ALTERNATOR_DEMO_MODEL": "fixture"})
    assert (stack, ASKED) == (STACK, [])
    assert said == "Whisper: the demo's small checkpoint, as ALTERNATOR_DEMO_MODEL says."
    environ = {"HOME": str(tmp_path), "ALTERNATOR_DEMO_MODEL": "small"}
    with pytest.raises(ComposeError, match=r"ALTERNATOR_DEMO_MODEL=small: models\.example does"):
        chosen(ComposeError(NO_NETWORK), environ)
    assert ASKED[0][1][-1] == "small"


def test_the_best_on_this_machine_decides_the_folder(tmp_path: Path) -> None:
    own, cache = tmp_path / "own", tmp_path / "cache"
    for folder, name in ((own, "tiny.pt"), (cache / "whisper", "base.pt")):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(b"x")
    environ = {"ALTERNATOR_WHISPER_MODEL_DIR": str(own), "XDG_CACHE_HOME": str(cache)}
    assert cache_here(environ) == cache / "whisper"
    assert cache_here({"HOME": str(tmp_path)}) is None


def test_reasons() -> None:
    assert reason("a\nalternator models: nothing came within 5 s\n1") == "nothing came within 5 s"
    assert reason("no such service: bot") == "no such service: bot"
    assert reason("") == "nothing was said"
