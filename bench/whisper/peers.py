"""The other engines: a virtual environment of their own, and a child process for each engine.

openai-whisper and torch are the project's own: the environment sees its packages behind its own.
"""

import contextlib
import json
import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from bench.whisper.engines import Hearing, Kind, Loading
from tests.real.speech import folder

CHECKOUT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("peers.txt")
PEERS = "BENCH_PEERS"  # a Python that has them already
OURS: tuple[Kind, ...] = ("alternator", "openai")


class MissingError(Exception):
    """An engine that can't be had or can't do what it is asked; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an engine took, and what it heard: seconds, bytes, a text for each file."""

    seconds: float
    peak: int
    texts: tuple[str, ...]


class Child:
    """An engine in its own process; ends with the block.

    ``environ`` is added to the environment's variables.
    """

    def __init__(self, kind: Kind, environ: dict[str, str] | None = None) -> None:
        self.kind = kind
        command = [interpreter(kind), "-P", str(CHECKOUT / "bench/whisper/child.py"), kind]
        self._errors = folder() / f"bench-{kind}.log"
        self._errors.parent.mkdir(parents=True, exist_ok=True)
        with self._errors.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | {"PYTHONPATH": str(CHECKOUT)} | (environ or {}),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(BrokenPipeError):  # it ended before it read its last request
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def load(self, what: Loading) -> Answer:
        """Load a model."""
        return self._ask({"do": "load", **asdict(what)})

    def transcribe(self, what: Hearing) -> Answer:
        """Transcribe files."""
        return self._ask({"do": "transcribe", **asdict(what)})

    def _ask(self, request: dict[str, object]) -> Answer:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise MissingError(f"{self.kind} ended: {self._last_words()}") from None
        line = self._process.stdout.readline()
        if not line:
            raise MissingError(f"{self.kind} ended: {self._last_words()}")
        reply = json.loads(line)
        if "error" in reply:
            raise MissingError(f"{self.kind}: {reply['error']}")
        return Answer(seconds=reply["seconds"], peak=reply["peak"], texts=tuple(reply["texts"]))

    def _last_words(self) -> str:
        lines = self._errors.read_text(encoding="utf-8", errors="replace").splitlines()
        return lines[-1] if lines else f"exit {self._process.poll()}"


def interpreter(kind: Kind) -> str:
    """The Python that an engine runs in; MissingError if its packages can't be installed."""
    return sys.executable if kind in OURS else os.environ.get(PEERS) or str(environment())


def environment() -> Path:
    """The peers' Python, made anew when the list of packages changed."""
    home = folder() / "peers"
    python, stamp = home / "bin/python", home / "installed.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        _install(home)
        stamp.write_text(wanted, encoding="utf-8")
    # The packages of the project that measures, behind the environment's own, which is kept from
    # run to run: the checkout that made it may be gone.
    (site,) = home.glob("lib/python*/site-packages")
    (site / "zz-project.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def _install(home: Path) -> None:
    venv.create(home, with_pip=True, clear=True)
    pip = [
        str(home / "bin/python"),
        "-m",
        "pip",
        "--quiet",
        "install",
        "--requirement",
        str(REQUIREMENTS),
    ]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"the peers can't be installed: {done.stderr.strip().splitlines()[-1]}")
