"""Many live streams at once through the server: how late their text is, and whether it is right.

    .venv/bin/python -m bench.live [--streams 16] [--seconds 60] [--model FILE] [--device cpu]
                                   [--threads 2] [--quick]

Each stream sends its own order of lines of speech, as fast as they are spoken, by OpenAI's realtime
events. How late a final text is: from the moment at which the last sample of its segment was due to
its arrival at the client. A stream that falls behind is seen by what it could not send in time.
Beside it the same sound as a file, through the same server, whose words are compared; and both with
what was said. Words are compared as OpenAI's paper does it: "one" is "1". ``--quick`` takes the
small Whisper of the tests and little sound: it shows that the bench runs, and its figures say
nothing. The default model is real tiny weights (English).
"""

import argparse
import asyncio
import base64
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from openai import OpenAI
from websockets.asyncio.client import ClientConnection, connect

from bench.serve import FIXTURE, Line
from bench.serve_process import Server
from bench.whisper import audio
from bench.whisper.checkpoints import recited
from bench.whisper.figures import Setup
from tests.real import speech
from tests.real.speech import SAMPLE_RATE, NotHereError
from tests.real.words import errors

PIECE_SECONDS = 0.1
PAUSE_SECONDS = 0.8
TAIL_SECONDS = 2.0  # of silence, as somebody who has finished leaves
SLOWEST_SECONDS = 60.0
IN_TIME_SECONDS = 2.0
COMPLETED = "conversation.item.input_audio_transcription.completed"
SEGMENT = "conversation.item.input_audio_transcription.segment"


@dataclass(kw_only=True)
class Heard:
    """What came of one stream; ``late`` seconds of each final text, ``behind`` of what was sent."""

    late: list[float] = field(default_factory=list)
    behind: float = 0.0
    texts: list[str] = field(default_factory=list)
    deltas: int = 0

    @property
    def text(self) -> str:
        """What was said."""
        return " ".join(self.texts)


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """A stream's samples of 16 bits, and what is said in it."""

    samples: bytes
    text: str


def sounds(count: int, seconds: float) -> list[Spoken]:
    """So many streams, each with the lines in another order."""
    try:
        lines = list(speech.lines("en"))
    except NotHereError as error:
        print(f"  no human speech: {error}", flush=True)
        lines = audio.spoken_lines()
    found = []
    for number in range(count):
        first = number * max(len(lines) // count, 1) % len(lines)
        parts, said, total = [], "", 0.0
        for line in [*lines[first:], *lines[:first]] * 100:
            samples = audio.level(speech.samples(line.path))
            said += f" {line.text}"
            parts += [samples, np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.float32)]
            total += len(samples) / SAMPLE_RATE + PAUSE_SECONDS
            if total >= seconds:
                break
        parts.append(np.zeros(round(TAIL_SECONDS * SAMPLE_RATE), np.float32))
        pcm = (np.concatenate(parts) * 32767).astype("<i2").tobytes()
        found.append(Spoken(samples=pcm, text=said))
    return found


async def stream(url: str, sound: bytes, start: float) -> Heard:
    """One client, which begins at ``start`` by time.monotonic()."""
    heard = Heard()
    address = f"{url.replace('http', 'ws', 1)}/v1/realtime?intent=transcription"
    async with connect(address, max_size=None) as socket:
        given = {
            "format": {"type": "audio/pcm", "rate": SAMPLE_RATE},
            "transcription": {"language": "en"},
        }
        session = {"type": "transcription", "audio": {"input": given}}
        await socket.send(json.dumps({"type": "session.update", "session": session}))
        await asyncio.sleep(max(start - time.monotonic(), 0))
        began = time.monotonic()
        receiving = asyncio.create_task(receive(socket, heard, began))
        await send(socket, sound, heard, began)
        try:
            await asyncio.wait_for(receiving, SLOWEST_SECONDS)
        except TimeoutError:
            heard.late.append(SLOWEST_SECONDS)
    return heard


async def send(socket: ClientConnection, sound: bytes, heard: Heard, began: float) -> None:
    """As fast as it is spoken; then the client asks for what is left."""
    size = round(PIECE_SECONDS * SAMPLE_RATE) * 2
    for number, at in enumerate(range(0, len(sound), size), start=1):
        due = began + number * PIECE_SECONDS
        await asyncio.sleep(max(due - time.monotonic(), 0))
        piece = base64.b64encode(sound[at : at + size]).decode()
        await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": piece}))
        heard.behind = max(heard.behind, time.monotonic() - due)
    commit = json.dumps({"type": "input_audio_buffer.commit"})
    await socket.send(commit)
    # An item in which nobody speaks is the sign that all others are there.
    silence = base64.b64encode(bytes(SAMPLE_RATE)).decode()
    await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": silence}))
    await socket.send(commit)


async def receive(socket: ClientConnection, heard: Heard, began: float) -> None:
    """Until the last item, in which nobody speaks, is there."""
    async for text in socket:
        event = json.loads(text)
        now = time.monotonic() - began
        match event["type"]:
            case kind if kind == SEGMENT:
                heard.late.append(now - event["end"])
            case kind if kind.endswith(".delta"):
                heard.deltas += 1
            case kind if kind == COMPLETED:
                if not event["transcript"]:
                    return
                heard.texts.append(event["transcript"])
            case "error":
                raise SystemExit(f"the server says: {event['error']['message']}")


async def streams(url: str, parts: Sequence[Spoken]) -> list[Heard]:
    """All at once, a moment apart, as people begin."""
    first = time.monotonic() + 1.0
    work = (stream(url, part.samples, first + 0.13 * number) for number, part in enumerate(parts))
    return await asyncio.gather(*work)


def by_file(url: str, folder: Path, parts: Sequence[Spoken]) -> list[str]:
    """The text of each stream's sound as a file."""
    found = []
    with OpenAI(base_url=f"{url}/v1", api_key="x", max_retries=0) as client:
        for number, part in enumerate(parts):
            samples = np.frombuffer(part.samples, "<i2").astype(np.float32) / 32768
            file = audio.write(folder / f"stream-{number}.wav", samples)
            answer = client.audio.transcriptions.create(file=file, model="whisper-1", language="en")
            found.append(answer.text)
    return found


def figures(
    heard: Sequence[Heard], files: Sequence[str], parts: Sequence[Spoken]
) -> Iterator[Line]:
    """A line for each; ``files`` are the texts of the same sound as files."""
    late = sorted(one for stream in heard for one in stream.late)
    what = f"live, {len(heard)} streams"
    deltas = sum(stream.deltas for stream in heard)
    yield Line(name=f"{what}: final texts", value=len(late), wanted="some")
    yield Line(name=f"{what}: deltas", value=deltas, wanted="more where there is room")
    if not late:
        return
    yield Line(name=f"{what}: s behind the words, median", value=statistics.median(late), wanted="")
    share = sum(one <= IN_TIME_SECONDS for one in late) / len(late)
    yield Line(name=f"{what}: of 100 final texts within 2 s", value=100 * share, wanted="100")
    yield Line(name=f"{what}: s behind the words, most", value=late[-1], wanted="at most 2")
    behind = max(stream.behind for stream in heard)
    yield Line(name=f"{what}: s that sound had to wait", value=behind, wanted="below 1")
    live = [stream.text for stream in heard]
    said = [part.text for part in parts]
    share = wrong(files, live)
    yield Line(name=f"{what}: of 100 words other than the file's", value=share, wanted="0")
    yield Line(name=f"{what}: of 100 words other than was said", value=wrong(said, live), wanted="")
    yield Line(name="the same as files: other than was said", value=wrong(said, files), wanted="")


def wrong(right: Sequence[str], told: Sequence[str]) -> float:
    """Of 100 words, those that differ."""
    counts = [errors(one, two, "en") for one, two in zip(right, told, strict=True)]
    return 100 * sum(one.wrong for one in counts) / max(sum(one.words for one in counts), 1)


def checkpoint_of(setup: Setup, given: Path | None) -> Path:
    """What is served."""
    if given is not None:
        return given
    if setup.quick:  # a copy: other forms of it are written beside it
        return Path(shutil.copy(FIXTURE, setup.folder))
    from tests.real import weights  # imports torch and whisper: seconds

    try:
        return weights.checkpoint("tiny.en")
    except NotHereError as error:
        print(f"  recited text instead of real weights: {error}", flush=True)
        return recited("tiny")


def main() -> None:
    """Run it once and print its lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--streams", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", type=Path, help="a checkpoint (default: real tiny.en weights)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    count, seconds = (2, 8.0) if given.quick else (given.streams, given.seconds)
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(
            folder=Path(folder), device=given.device, threads=given.threads, quick=given.quick
        )
        parts = sounds(count, seconds)
        with Server(setup, checkpoint_of(setup, given.model)) as server:
            server.ready()
            by_file(server.url, setup.folder, parts[:1])  # warm
            heard = asyncio.run(streams(server.url, parts))
            files = by_file(server.url, setup.folder, parts)
        for line in figures(heard, files, parts):
            print(line, flush=True)


if __name__ == "__main__":
    main()
