"""A foreign engine that computes all its requests together, and does to its process what is said
in the files."""

from collections.abc import Callable
from pathlib import Path

import pytest

ENGINE = '''
"""Hears what is written. A word of a file may be an order:

die         the process is killed by SIGKILL
die-on-gpu  likewise, unless on the CPU
hungry      out of memory, unless with batches of 4 or less
greedy      out of memory in any case
endless     comes to no end, until it is cancelled
deaf        comes to no end, and does not hear that it is cancelled
wait        comes to no end while the file `go` is not there
"""

import os
import signal
import sys
import time
import types
from pathlib import Path

from alternator.errors import ModelError, OutOfMemoryError
from alternator.speech.engines.engine import CancelledRequestError, Done, Failed, Progressed
from alternator.speech.transcript import Transcript

SITE = Path(__file__).parent
GPUS = int(os.environ.get("CREW_GPUS", "0"))
CROWD = int(os.environ.get("CREW_CROWD", "1"))  # so many are under way when it begins
if GPUS:
    cuda = types.SimpleNamespace(device_count=lambda: GPUS)
    sys.modules["torch"] = types.SimpleNamespace(cuda=cuda)


class Crew:
    def load(self, model, device, options, progress):
        if device == "auto":
            device = "cuda" if GPUS else "cpu"
        self.device = device
        self.batch_size = options.batch_size or 8
        precision = "float16" if "cuda" in device else "float32"
        self.compute_type = precision if options.compute_type == "auto" else options.compute_type
        with (SITE / "loads").open("a") as file:
            print(device, self.batch_size, self.compute_type, options.threads, file=file)
        said = f"{device} {self.compute_type}"
        for order in os.environ.get("CREW_LOAD", "").split(","):
            what, _, where = order.partition("@")
            if where and where in said:
                if what == "refuse":
                    raise ModelError(f"{device} is broken")
                if what == "memory":
                    raise OutOfMemoryError(f"{device} has 2 GB free, and {model} needs 3 GB")
                os.kill(os.getpid(), signal.SIGKILL)

    def transcribe(self, batch):
        running = {}
        while True:
            while (request := batch.take()) is not None:
                running[request.id] = request, request.path.read_text().split()
            if not running:
                return
            if len(running) < CROWD and self.batch_size == 8 and not (SITE / "go").exists():
                time.sleep(0.01)
                continue
            orders = {word for _, words in running.values() for word in words}
            if "die" in orders or "die-on-gpu" in orders and self.device != "cpu":
                os.kill(os.getpid(), signal.SIGKILL)
            for id, (request, words) in list(running.items()):
                yield Progressed(id=id, done=0.0, total=float(len(words)))
                if batch.cancelled(id) and "deaf" not in words:
                    del running[id]
                    yield Failed(id=id, error=CancelledRequestError("put down"))
                elif "greedy" in words or "hungry" in words and self.batch_size > 4:
                    del running[id]
                    yield Failed(id=id, error=OutOfMemoryError("the clip needs 3 GB"))
                elif "endless" in words or "deaf" in words:
                    time.sleep(0.01)
                elif "wait" in words and not (SITE / "go").exists():
                    time.sleep(0.01)
                else:
                    del running[id]
                    yield Done(id=id, transcript=Transcript(
                        text=" ".join(words), language=self.device, duration=1.0, segments=(),
                    ))

    def unload(self):
        with (SITE / "loads").open("a") as file:
            print("unloaded", file=file)
'''


@pytest.fixture
def crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with the engine ``crew``. Returns where it lies; ``loads`` in there has a line
    for each model that was loaded: device, batch, precision, threads."""
    site = tmp_path / "site"
    metadata = site / "crew_engine-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "crew_engine.py").write_text(ENGINE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: crew-engine\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[alternator.engines]\ncrew = crew_engine:Crew\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.syspath_prepend(str(site))
    return site


@pytest.fixture
def orders(tmp_path: Path) -> Callable[[str], Path]:
    """Makes a file with orders for the crew, whose name is the first word."""

    def make(text: str) -> Path:
        path = tmp_path / f"{text.split(maxsplit=1)[0]}.txt"
        path.write_text(text)
        return path

    return make
