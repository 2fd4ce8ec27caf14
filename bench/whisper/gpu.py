"""One GPU, half precision: an hour from a wav file to text, turbo and large-v3 reciting.

    python -m bench.whisper --device cuda --json bench/whisper/results/gpu.json [--audio FILE]

Ten minutes in all on an H100 with sixteen cores, if the peers are there. Where no package index can
be reached, ``$BENCH_PEERS`` names a Python that has them, and ``--audio`` a file of speech that is
repeated.
"""

import json
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from bench.whisper import audio
from bench.whisper.checkpoints import form, recited
from bench.whisper.engines import Hearing, Kind, Loading
from bench.whisper.figures import Figure, Setup
from bench.whisper.peers import CHECKOUT, Child, MissingError
from bench.whisper.start import plain, worker

HOUR, MINUTES, SHORT = 3600.0, 600.0, 120.0
BATCHES = (16, 32, 64, 128)  # of the peers, which choose none by themselves
STEP_BATCHES = "1,8,32,64"


def run(setup: Setup) -> Iterator[Figure]:
    """All figures of a GPU, the most wanted ones first."""
    turbo, large = ("small-test",) * 2 if setup.quick else ("turbo", "large-v3")
    length = {HOUR: 65.0, MINUTES: 35.0, SHORT: 31.0} if setup.quick else {}
    hour, minutes, short = (
        audio.talk_file(setup.folder, length.get(one, one), setup.audio)
        for one in (HOUR, MINUTES, SHORT)
    )
    ours = yield from _ours(setup, "turbo", recited(turbo), (hour, minutes))
    yield _start(setup, recited(turbo))
    yield from _steps(setup, "turbo", recited(turbo))
    yield from _peer(setup, ("transformers", recited(turbo)), hour, ours)
    yield from _peer(setup, ("faster", recited(turbo)), minutes, ours)
    yield from _plain(setup, "turbo", recited(turbo), short)
    yield from _ours(setup, "large-v3", recited(large), (minutes, short))
    yield from _steps(setup, "large-v3", recited(large))


def _precision(setup: Setup) -> str:
    return "float16" if setup.device == "cuda" else "float32"


def _speed(setup: Setup, what: tuple[Kind, Path], file: Path, batch: int, rounds: int = 1) -> float:
    """How many times real time an engine is, by the best of its rounds; the first warms it up."""
    kind, checkpoint = what
    loading = Loading(
        model=str(form(checkpoint, kind)),
        device=setup.device,
        precision=_precision(setup),
        threads=setup.threads,
        batch=batch,
    )
    way = "sequential" if kind == "openai" else "batched"
    wanted = Hearing(files=(str(file),), way=way)  # type: ignore[arg-type]
    with Child(kind) as child:
        child.load(loading)
        answers = [child.transcribe(wanted) for _ in range(rounds + 1)]
    best = audio.seconds(file) / min(answer.seconds for answer in answers[1:])
    print(f"  {kind}, batch {batch or 'own'}: {best:.0f} × real time", flush=True)
    return best


def _ours(
    setup: Setup, name: str, checkpoint: Path, files: Sequence[Path]
) -> Generator[Figure, None, float | None]:
    speeds: list[float | None] = []
    for word, file, batch in (("long", files[0], 0), ("one", files[1], 1)):
        try:
            speed = _speed(setup, ("alternator", checkpoint), file, batch, setup.rounds)
        except MissingError as error:
            speeds.append(None)
            yield Figure(name=f"gpu.{name}.{word}", why=str(error))
            continue
        speeds.append(speed)
        parts = {"minutes of sound": audio.seconds(file) / 60}
        yield Figure(name=f"gpu.{name}.{word}", value=speed, parts=parts)
    return speeds[0]


def _peer(
    setup: Setup, what: tuple[Kind, Path], file: Path, ours: float | None
) -> Iterator[Figure]:
    """Ours against a peer at its best batch."""
    kind, _ = what
    speeds: dict[str, float] = {}
    why = ""
    for batch in BATCHES[:1] if setup.quick else BATCHES:
        try:
            speeds[f"batch {batch}, × real time"] = _speed(setup, what, file, batch)
        except MissingError as error:
            why = str(error)
            break
    value = ours / max(speeds.values()) if ours and speeds else None
    yield Figure(name=f"gpu.turbo.{kind}", value=value, why=why, parts=speeds)


def _plain(setup: Setup, name: str, checkpoint: Path, file: Path) -> Iterator[Figure]:
    try:
        speed = _speed(setup, ("openai", checkpoint), file, 1)
    except MissingError as error:
        yield Figure(name=f"gpu.{name}.openai", why=str(error))
        return
    yield Figure(name=f"gpu.{name}.openai", value=speed)


def _start(setup: Setup, checkpoint: Path) -> Figure:
    """What our start takes longer than openai-whisper's: captures and warm-up."""
    theirs = min(plain(checkpoint, setup.device) for _ in range(2))
    try:
        ours = min(worker(checkpoint, setup, _precision(setup)) for _ in range(2))
    except Exception as error:  # noqa: BLE001  # what fails is part of the result
        return Figure(name="gpu.turbo.start", why=f"{type(error).__name__}: {error}")
    parts = {"alternator s": ours, "import whisper, load_model s": theirs}
    return Figure(name="gpu.turbo.start", value=ours - theirs, parts=parts)


def _steps(setup: Setup, name: str, checkpoint: Path) -> Iterator[Figure]:
    """The decoder's step as a share of the memory limit, by batch."""
    command = [sys.executable, "-m", "bench.whisper.step", str(checkpoint)]
    command += ["--device", setup.device, "--precision", _precision(setup)]
    command += ["--batches", "1,4" if setup.quick else STEP_BATCHES]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        step = json.loads(line)
        parts = {"ms a step": 1000 * step["seconds"], "GB/s of a copy": step["bandwidth"] / 1e9}
        label = f"gpu.{name}.step.{step['batch']}"
        yield Figure(name=label, value=step["share"], parts=parts)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no word"])[-1]
        yield Figure(name=f"gpu.{name}.step", why=why)
