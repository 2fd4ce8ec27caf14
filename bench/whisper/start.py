"""From nothing to a loaded model: our worker beside a process that imports whisper and loads it."""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.whisper.clips import model
from bench.whisper.figures import Figure, Setup, spread

# The worker says that it is ready; so does this one, by its first byte.
THEIRS = """
import sys, whisper
whisper.load_model(sys.argv[1], device=sys.argv[2])
sys.stdout.write("x"); sys.stdout.flush()
"""


def run(setup: Setup) -> Iterator[Figure]:
    """The ratio of the two, on the CPU."""
    checkpoint = model(setup)
    times: dict[str, list[float]] = defaultdict(list)
    why = ""
    for _ in range(setup.rounds + 1):
        times["import whisper, load_model"].append(plain(checkpoint, setup.device))
        try:
            times["alternator"].append(worker(checkpoint, setup))
        except Exception as error:  # noqa: BLE001  # what fails is part of the result
            why = f"{type(error).__name__}: {error}"
            break
    value = None
    if not why:
        value = min(times["alternator"]) / min(times["import whisper, load_model"])
    yield Figure(name=f"start.{setup.device}", value=value, why=why, parts=spread(times))


def plain(checkpoint: Path, device: str) -> float:
    """Seconds until openai-whisper has loaded the model."""
    command = [sys.executable, "-c", THEIRS, str(checkpoint), device]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        ready = process.stdout.read(1)
        taken = time.perf_counter() - started
    if not ready:
        raise RuntimeError(f"openai-whisper did not load {checkpoint}")
    return taken


def worker(checkpoint: Path, setup: Setup, precision: str = "auto") -> float:
    """Seconds until our worker is ready to transcribe, warm-up and captures included."""
    from bench.whisper.engines import Alternator, Loading

    ours = Alternator()
    loading = Loading(
        model=str(checkpoint), device=setup.device, threads=setup.threads, precision=precision
    )
    started = time.perf_counter()
    try:
        ours.load(loading)
        return time.perf_counter() - started
    finally:
        ours.close()
