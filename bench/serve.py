"""What `alternator serve` costs beside the engine alone, and beside what people run today.

    .venv/bin/python -m bench.serve [--only clips,file,upload,idle] [--model FILE] [--device cpu]
                                    [--threads 2] [--rounds 2] [--quick]

======  ========================================================================================
clips   64 clips of 3 to 15 s from 16 clients: against the same clips handed to the engine at once,
        and against faster-whisper that hears one after the other, as servers with one lock do
file    120 s of speech by OpenAI's client, tiny and base dimensions: against faster-whisper's
        batched pipeline, called directly, in the same precision
upload  how much the server's memory grows with an upload of 1 GB
idle    its memory once the model is unloaded, and the first request after that, against a start
======  ========================================================================================

All decode as OpenAI's API has it: five beams, temperatures that rise. Those that are compared take
turns; of each the least time counts. Clients run on the same machine, so what they cost is in the
server's figures. ``--quick`` takes the small Whisper of the tests and shorter work: it shows that
the bench runs, and its figures say nothing. Peers as in ``bench.whisper``.
"""

import argparse
import dataclasses
import queue
import random
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from openai import OpenAI

from alternator.config.load import load_whisper
from alternator.speech.engines.engine import Done, Failed
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from bench.serve_process import Server, grown_by, memory_of
from bench.whisper import audio
from bench.whisper.checkpoints import form, recited
from bench.whisper.clips import model as real_model
from bench.whisper.engines import Hearing, Loading
from bench.whisper.figures import Setup, faster_by
from bench.whisper.peers import Child, MissingError
from tests.real.speech import SAMPLE_RATE

FIXTURE = Path(__file__).parents[1] / "sandbox/whisper/fixture.pt"
CLIENTS = 16
LEAST_SECONDS, MOST_SECONDS = 3.0, 15.0
USUAL = DecodingOptions(language="en")
MB = 10**6
Times = dict[str, list[float]]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One figure: ``value`` None where it could not be had, for the reason ``why``."""

    name: str
    value: float | None
    wanted: str
    why: str = ""

    def __str__(self) -> str:
        value = "open" if self.value is None else f"{self.value:.2f}"
        why = f"  ({self.why})" if self.why else ""
        return f"{self.name:<58}{value:>8}  wanted: {self.wanted}{why}"


def main() -> None:
    """Run the sections and print a line for each figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SECTIONS))
    parser.add_argument("--model", type=Path, help="a checkpoint (default: OpenAI's base weights)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(
            folder=Path(folder),
            device=given.device,
            threads=given.threads,
            rounds=given.rounds,
            lines=0,
            quick=given.quick,
            audio=None,
        )
        for name in given.only.split(","):
            for line in SECTIONS[name](setup, given.model):
                print(line, flush=True)


def lengths(count: int) -> list[float]:
    """Seconds of each clip, always the same ones."""
    chance = random.Random(13)
    return [chance.uniform(LEAST_SECONDS, MOST_SECONDS) for _ in range(count)]


def made_clips(folder: Path, count: int) -> list[Path]:
    """Stretches of speech, in the language that is asked for: what is heard as another one is tried
    again and again, by every engine."""
    wanted = lengths(count)
    ends = np.cumsum([round(seconds * SAMPLE_RATE) for seconds in wanted])
    stretches = np.split(audio.talk(sum(wanted) + 1, ["en"]), ends)
    return [audio.write(folder / f"clip-{n}.wav", stretches[n]) for n in range(count)]


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Clients:
    """OpenAI's clients, each of which asks for one file at a time. Making one takes tens of
    milliseconds, which is no server's doing: they are made once."""

    def __init__(self, url: str, count: int = CLIENTS) -> None:
        self._made = [
            OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) for _ in range(count)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._made:
            client.close()

    def ask(self, files: list[Path]) -> None:
        """Have each file transcribed."""
        todo: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for file in files:
            todo.put(file)

        def one(client: OpenAI) -> None:
            while True:
                try:
                    file = todo.get_nowait()
                except queue.Empty:
                    return
                client.audio.transcriptions.create(file=file, model="whisper-1", language="en")

        with ThreadPoolExecutor(len(self._made)) as pool:
            list(pool.map(one, self._made))


def by_engine(transcriber: Transcriber, files: list[Path]) -> None:
    """The same by the engine alone, which has all of them at once."""
    for request in [transcriber.submit(file, USUAL) for file in files]:
        for event in request.events():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Done):
                break


def checkpoint_of(setup: Setup, given: Path | None) -> Path:
    """What is served."""
    if given is None and setup.quick:  # a copy: other forms of it are written beside it
        return Path(shutil.copy(FIXTURE, setup.folder))
    return given or real_model(setup)


def of_peer(paths: list[Path], way: str = "vad") -> Hearing:
    """The same work for faster-whisper."""
    return Hearing(
        files=tuple(map(str, paths)),
        way="batched" if way == "batched" else "vad",
        beam=5,
        temperature=USUAL.temperature,
    )


def clips(setup: Setup, given: Path | None) -> Iterator[Line]:
    """Many clients with short clips."""
    checkpoint = checkpoint_of(setup, given)
    files = made_clips(setup.folder, 8 if setup.quick else 64)
    times: Times = defaultdict(list)
    why = ""
    settings = dataclasses.replace(
        load_whisper(), model=str(checkpoint), workers=1, max_duration_minutes=0
    )
    with ExitStack() as stack:
        server = stack.enter_context(Server(setup, checkpoint)).ready()
        engine = stack.enter_context(
            Transcriber(settings, device=setup.device, threads=setup.threads)
        )
        engine.start()
        clients = stack.enter_context(Clients(server.url))
        peer = None
        try:
            peer = stack.enter_context(Child("faster"))
            peer.load(loading(setup, str(form(checkpoint, "faster"))))
        except MissingError as error:
            peer, why = None, str(error)
        for turn in range(setup.rounds + 1):
            rows = [
                ("server", timed(lambda: clients.ask(files))),
                ("engine", timed(lambda: by_engine(engine, files))),
            ]
            if peer is not None:
                rows.append(("faster-whisper", peer.transcribe(of_peer(files)).seconds))
            for name, seconds in rows if turn else ():  # the first one warms up
                times[name].append(seconds)
                print(f"  {name}: {seconds:.2f} s", flush=True)
    what = f"{len(files)} clips from {CLIENTS} clients"
    yield Line(
        name=f"{what}: of the engine alone",
        value=faster_by(times, "server", "engine"),
        wanted="at least 0.9 x",
    )
    yield Line(
        name=f"{what}: of faster-whisper behind a lock",
        value=faster_by(times, "server", "faster-whisper"),
        wanted="at least 2 x",
        why=why,
    )


def loading(setup: Setup, path: str) -> Loading:
    """faster-whisper in the precision that the engine takes by itself."""
    precision = "int8" if setup.device == "cpu" else "float16"
    return Loading(
        model=path, device=setup.device, threads=setup.threads, precision=precision, batch=8
    )


def file(setup: Setup, given: Path | None) -> Iterator[Line]:
    """One long file."""
    sound = audio.talk_file(setup.folder, 35.0 if setup.quick else 120.0)
    for name in ("small-test",) if setup.quick else ("tiny", "base"):
        checkpoint = recited(name)
        times: Times = defaultdict(list)
        why = ""
        with ExitStack() as stack:
            server = stack.enter_context(Server(setup, checkpoint))
            peer = stack.enter_context(Child("faster"))
            client = stack.enter_context(Clients(server.ready().url, 1))
            try:
                peer.load(loading(setup, str(form(checkpoint, "faster"))))
                for turn in range(setup.rounds + 1):
                    ours = timed(partial(client.ask, [sound]))
                    theirs = peer.transcribe(of_peer([sound], "batched")).seconds
                    if turn:
                        times["server"].append(ours)
                        times["faster-whisper"].append(theirs)
                        print(f"  {name}: {ours:.2f} s, faster-whisper {theirs:.2f} s", flush=True)
            except MissingError as error:
                why = str(error)
        yield Line(
            name=f"a long file, {name}: of faster-whisper batched",
            value=faster_by(times, "server", "faster-whisper"),
            wanted="at least 1 x",
            why=why,
        )


def upload(setup: Setup, given: Path | None) -> Iterator[Line]:
    """A large upload, of no sound: it is received whole, and then refused."""
    size = (30 if setup.quick else 1000) * MB - MB
    with Server(setup, checkpoint_of(setup, given)) as server:
        server.ready().send(MB)
        grown = grown_by(server.process.pid, lambda: server.send(size))
    yield Line(
        name=f"an upload of {size / MB:.0f} MB: the server's memory grows by MB",
        value=grown / MB,
        wanted="below 30 MB",
    )


def idle(setup: Setup, given: Path | None) -> Iterator[Line]:
    """Start, unload, wake up again. What the first request takes longer than the next one is what
    the start costs it; how long a clip is decoded says nothing of that."""
    (clip,) = made_clips(setup.folder, 1)
    times: Times = defaultdict(list)
    memory = 0
    for _ in range(setup.rounds):
        with Server(setup, checkpoint_of(setup, given), idle_minutes=0.02) as server:
            times["start"].append(timed(server.ready))
            server.wait_until_unloaded()
            memory = max(memory, memory_of(server.process.pid))
            with Clients(server.url, 1) as client:
                times["first"].append(timed(partial(client.ask, [clip])))
                times["next"].append(timed(partial(client.ask, [clip])))
            shown = ", ".join(f"{name} {times[name][-1]:.2f} s" for name in times)
            print(f"  {shown}", flush=True)
    yield Line(
        name="the server at rest, model unloaded, MB", value=memory / MB, wanted="below 150 MB"
    )
    yield Line(
        name="the first request after that: of start to ready",
        value=min(times["first"]) / min(times["start"]),
        wanted="at most 1",
    )
    yield Line(
        name="what it takes longer than the next one: of start to ready",
        value=(min(times["first"]) - min(times["next"])) / min(times["start"]),
        wanted="at most 1",
    )


SECTIONS: dict[str, Callable[[Setup, Path | None], Iterator[Line]]] = {
    "clips": clips,
    "file": file,
    "upload": upload,
    "idle": idle,
}

if __name__ == "__main__":
    main()
