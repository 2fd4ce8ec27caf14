"""Two CPU threads, long speech, the decoder reciting: how fast, and how much memory.

All engines are loaded and take turns, so that each meets the machine's same hours.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from bench.whisper import audio
from bench.whisper.checkpoints import form, recited
from bench.whisper.engines import Hearing, Kind, Loading
from bench.whisper.figures import Figure, Setup, faster_by, spread
from bench.whisper.peers import Answer, Child, MissingError

MODELS = ("tiny", "base")
BATCH = 8  # of faster-whisper by default; ours gets the same, so that memory compares


@dataclass(frozen=True, kw_only=True)
class Runner:
    """One engine in one precision, as it is named in the parts of a figure."""

    name: str
    kind: Kind
    precision: str = "float32"
    way: str = "batched"


RUNNERS = (
    Runner(name="alternator float32", kind="alternator"),
    Runner(name="faster-whisper float32", kind="faster"),
    Runner(name="alternator int8", kind="alternator", precision="int8"),
    Runner(name="faster-whisper int8", kind="faster", precision="int8"),
    Runner(name="whisper.transcribe", kind="openai", way="sequential"),
    Runner(name="whisper.cpp f16", kind="cpp", way="sequential"),
    Runner(name="whisper.cpp q8_0", kind="cpp", precision="int8", way="sequential"),
    Runner(name="transformers float32", kind="transformers"),
)
# A figure's last word, and whom it compares ours with.
AGAINST = (
    ("float32.faster", "alternator float32", "faster-whisper float32"),
    ("float32.openai", "alternator float32", "whisper.transcribe"),
    ("float32.cpp", "alternator float32", "whisper.cpp f16"),
    ("float32.transformers", "alternator float32", "transformers float32"),
    ("int8.faster", "alternator int8", "faster-whisper int8"),
    ("int8.openai", "alternator int8", "whisper.transcribe"),
    ("int8.cpp", "alternator int8", "whisper.cpp q8_0"),
)


def run(setup: Setup) -> Iterator[Figure]:
    """Figures of speed and memory, model by model."""
    for model in ("small-test",) if setup.quick else MODELS:
        yield from _model(setup, model)


def _model(setup: Setup, model: str) -> Iterator[Figure]:
    checkpoint = recited(model)
    length = 35.0 if setup.quick else 120.0
    file = audio.talk_file(setup.folder, length)
    times: dict[str, list[float]] = defaultdict(list)
    peaks: dict[str, float] = {}
    texts: dict[str, str] = {}
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        children: dict[Runner, Child] = {}
        for runner in RUNNERS:
            try:
                child = stack.enter_context(Child(runner.kind))
                path = form(checkpoint, runner.kind, runner.precision)
                child.load(_loading(setup, runner, str(path)))
                children[runner] = child
            except MissingError as error:
                missing[runner.name] = str(error)
        for _ in range(setup.rounds):
            for runner, child in list(children.items()):
                try:
                    answer = _hear(child, runner, str(file))
                except MissingError as error:
                    missing[runner.name] = str(error)
                    del children[runner]
                    continue
                times[runner.name].append(answer.seconds)
                peaks[runner.name] = answer.peak
                texts[runner.name] = answer.texts[0]
                print(f"  {model} {runner.name}: {answer.seconds:.2f} s", flush=True)
    work = {f"{name}, windows": float(windows(text)) for name, text in texts.items()}
    for word, ours, theirs in AGAINST:
        yield Figure(
            name=f"speed.{model}.{word}",
            value=faster_by(times, ours, theirs),
            why=missing.get(ours, "") or missing.get(theirs, ""),
            parts=spread({name: times[name] for name in (ours, theirs)})
            | {name: count for name, count in work.items() if name.startswith((ours, theirs))},
        )
    for precision in ("float32", "int8"):
        ours, theirs = f"alternator {precision}", f"faster-whisper {precision}"
        yield Figure(
            name=f"memory.{model}.{precision}",
            value=peaks[ours] / peaks[theirs] if ours in peaks and theirs in peaks else None,
            why=missing.get(ours, "") or missing.get(theirs, ""),
            parts={f"{name} MB": peaks[name] / 1e6 for name in (ours, theirs) if name in peaks},
        )


def _loading(setup: Setup, runner: Runner, path: str) -> Loading:
    return Loading(
        model=path,
        device=setup.device,
        precision=runner.precision,
        threads=setup.threads,
        batch=BATCH,
    )


def _hear(child: Child, runner: Runner, file: str) -> Answer:
    way = "sequential" if runner.way == "sequential" else "batched"
    return child.transcribe(Hearing(files=(file,), way=way))  # type: ignore[arg-type]


def windows(text: str) -> int:
    """How often the text was recited: one window each time."""
    return text.count("had then leisure to consider")
