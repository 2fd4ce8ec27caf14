"""Short clips, as the bot meets them: one of 10 s, and twenty at once."""

import dataclasses
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.whisper import audio
from bench.whisper.checkpoints import recited
from bench.whisper.engines import Hearing, Loading
from bench.whisper.figures import Figure, Setup, faster_by, spread
from bench.whisper.peers import Child, MissingError
from tests.real.speech import NotHereError

OURS, ALONE = "alternator", "alternator, one after the other"


def model(setup: Setup) -> Path:
    """The real base weights; where they can't be had, a network of their dimensions."""
    if setup.quick:
        return recited("small-test")
    from tests.real import weights  # imports torch and whisper: seconds

    try:
        return weights.checkpoint("base")
    except NotHereError as error:
        print(f"  recited text instead of real weights: {error}", flush=True)
        return recited("base")


def run(setup: Setup) -> Iterator[Figure]:
    """One clip against whisper.transcribe and the command; twenty against themselves."""
    checkpoint = str(model(setup))
    loading = Loading(model=checkpoint, threads=setup.threads, device=setup.device)
    one = audio.talk_file(setup.folder, 10.0)
    many = audio.clips(setup.folder, 3 if setup.quick else 20)
    together = Hearing(files=tuple(map(str, many)), together=True)
    apart = Hearing(files=tuple(map(str, many)))
    times: dict[str, list[float]] = defaultdict(list)
    why = ""
    with Child("alternator") as ours, Child("openai") as theirs:
        theirs.load(loading)
        try:
            ours.load(dataclasses.replace(loading, precision="auto"))
            ours.transcribe(Hearing(files=(str(one),)))
        except MissingError as error:
            why = str(error)
        for _ in range(setup.rounds + 1):
            single = Hearing(files=(str(one),), way="sequential")
            times["whisper.transcribe"].append(theirs.transcribe(single).seconds)
            times["whisper command"].append(command(checkpoint, one, setup.threads))
            if not why:
                times[OURS].append(ours.transcribe(Hearing(files=(str(one),))).seconds)
        if not why:
            for _ in range(setup.rounds):
                times["20 at once"].append(ours.transcribe(together).seconds)
                times[ALONE].append(ours.transcribe(apart).seconds)
    for name, first, second in (
        ("clips.one.openai", OURS, "whisper.transcribe"),
        ("clips.one.command", OURS, "whisper command"),
        ("clips.together", "20 at once", ALONE),
    ):
        parts = spread({key: times[key] for key in (first, second)})
        yield Figure(name=name, value=faster_by(times, first, second), why=why, parts=parts)


def command(checkpoint: str, clip: Path, threads: int) -> float:
    """Seconds that openai-whisper's command takes, from start to end."""
    program = [str(Path(sys.executable).with_name("whisper")), str(clip), "--model", checkpoint]
    program += ["--output_dir", str(clip.parent), "--language", "en", "--fp16", "False"]
    # The same work as the others do; by default the command has five beams.
    program += ["--beam_size", "None", "--temperature_increment_on_fallback", "None"]
    program += ["--threads", str(threads)]
    started = time.perf_counter()
    subprocess.run(program, capture_output=True, check=True)
    return time.perf_counter() - started
