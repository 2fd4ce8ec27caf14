"""What transcribes in a cluster, at the seam of the engine: it dies, waits, or loses its GPU.

Everything is real but the engine: the process that it runs in, the pipe, the server. What it is to
do with each request is written into a file of the folder that it comes from.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from waiting import wait_for

ENGINE = '''
import os
import signal
import sys
import time
import types
from pathlib import Path

from alternator.errors import ConfigError
from alternator.speech.device import TorchBuild, choose_device
from alternator.speech.engines.engine import Done, Progressed
from alternator.speech.transcript import Transcript

SITE = Path(__file__).parent


class AcceleratorError(RuntimeError):
    """By this name torch 2.13 raises what CUDA says."""


# As torch 2.13 words it: c10/cuda/CUDAException.cpp
LOST = AcceleratorError(
    "CUDA error: unspecified launch failure\\nCUDA kernel errors might be asynchronously reported "
    "at some other API call, so the stacktrace below might be incorrect.\\nFor debugging consider "
    "passing CUDA_LAUNCH_BLOCKING=1"
)


def gpus():
    """How many torch finds."""
    return int((SITE / "gpus").exists())


class Ear:
    batch_size, compute_type = 8, "float16"

    def load(self, model, device, options, progress):
        cuda = types.SimpleNamespace(device_count=gpus)
        sys.modules["torch"] = types.SimpleNamespace(cuda=cuda)
        build = TorchBuild(version="2.13.0", cuda="13.0", hip=None, gpus=gpus())
        self.device = choose_device(device, options.proven_device, build)

    def transcribe(self, batch):
        while (request := batch.take()) is not None:
            with (SITE / "heard").open("a") as file:
                print(os.getpid(), self.device, file=file)
            yield Progressed(id=request.id, done=0.0, total=1.0)
            order = SITE / "order"
            what = order.read_text() if order.exists() else ""
            if what == "lose" and self.device != "cpu":
                (SITE / "gpus").unlink()
                raise LOST
            if what == "die" or what == "die-on-gpu" and self.device != "cpu":
                os.kill(os.getpid(), signal.SIGKILL)
            while what == "wait" and order.exists():
                yield Progressed(id=request.id, done=0.0, total=1.0)
                time.sleep(0.02)
            yield Done(id=request.id, transcript=Transcript(
                text="Words of the clip.", language="en", duration=1.0, segments=(),
            ))

    def unload(self):
        pass
'''


class Ear:
    """The engine ``ear`` of one machine, whose packages lie in ``site``. ``gpu``: it has one."""

    def __init__(self, folder: Path, *, gpu: bool = False) -> None:
        self.site = folder
        metadata = folder / "ear_engine-1.0.dist-info"
        metadata.mkdir(parents=True)
        (folder / "ear_engine.py").write_text(ENGINE)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ear-engine\nVersion: 1\n")
        (metadata / "entry_points.txt").write_text("[alternator.engines]\near = ear_engine:Ear\n")
        if gpu:
            (folder / "gpus").touch()

    def order(self, what: str) -> None:
        """From now on do with each request: "die", "die-on-gpu", "lose" (the GPU), "wait"."""
        # As a whole: it is read at any time.
        (self.site / "new").write_text(what)
        (self.site / "new").rename(self.site / "order")

    def well(self) -> None:
        """Do with each request what is right."""
        (self.site / "order").unlink(missing_ok=True)

    @property
    def heard(self) -> list[tuple[int, str]]:
        """Each request that was begun: the process, and its device."""
        file = self.site / "heard"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(int(pid), device) for pid, device in map(str.split, lines)]

    def until_heard(self, more_than: int) -> int:
        """Wait until another request is begun; the process that has it."""
        wait_for(lambda: len(self.heard) > more_than, 60, "a request at the engine")
        return self.heard[-1][0]


def processes_of(folder: Path) -> Iterator[str]:
    """Those that were started by who has a folder in this one."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{folder}{os.sep}".encode() in (entry / "environ").read_bytes():
                yield (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:  # it has ended
            continue
