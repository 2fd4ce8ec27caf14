"""How long a short clip takes at the server while many long files are under way.

    .venv/bin/python -m bench.beside [--files 4] [--hours 2] [--model FILE] [--threads 2] [--quick]

A client asks for a clip of five seconds, alone, and then again and again beside others whose files
have hours: as MP3, which must be decoded, and searched for speech. They are given up at the end.
``--quick`` takes the small Whisper of the tests and little sound: it shows that the bench runs, and
its figures say nothing. The default model is real tiny weights (English).
"""

import argparse
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import openai

from bench.live import checkpoint_of
from bench.serve import Clients, Line, timed
from bench.serve_process import Server, until
from bench.whisper import audio
from bench.whisper.figures import Setup

CLIP_SECONDS = 5.0
TRIES = 5
TALK_SECONDS = 300.0  # of speech, over and over


def long_file(folder: Path, hours: float) -> Path:
    """Speech of so many hours as MP3."""
    seconds = hours * 3600
    source = audio.write(folder / "talk.wav", audio.talk(min(TALK_SECONDS, seconds), ["en"]))
    file = folder / "long.mp3"
    command = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(source)]
    subprocess.run([*command, "-t", str(seconds), "-b:a", "32k", str(file)], check=True)
    return file


def ask_in_vain(url: str, file: Path) -> None:
    """Ask for a file that may not be answered any more."""
    with Clients(url, 1) as client, suppress(openai.OpenAIError):
        client.ask([file])


def figures(server: Server, clip: Path, file: Path, files: int) -> Iterator[Line]:
    """Ask alone, then beside."""
    with Clients(server.url, 1) as client:
        ask = partial(client.ask, [clip])
        ask()  # warm
        alone = [timed(ask) for _ in range(TRIES)]
        asking = [
            threading.Thread(target=ask_in_vain, args=(server.url, file)) for _ in range(files)
        ]
        for thread in asking:
            thread.start()
        under_way = f"alternator_requests_under_way {files}.0"
        until(lambda: under_way in server.get("metrics"), "all to be under way")
        beside = [timed(ask) for _ in range(TRIES)]
        still = sum(thread.is_alive() for thread in asking)
    server.process.terminate()  # a second time, at its end, gives them up
    what = f"a clip beside {files} files"
    yield Line(name=f"{what}: of these under way at its end", value=still, wanted=f"{files}")
    yield Line(name="the same alone, s", value=statistics.median(alone), wanted="")
    yield Line(name=f"{what}, s: median", value=statistics.median(beside), wanted="")
    yield Line(name=f"{what}, s: most", value=max(beside), wanted="")


def main() -> None:
    """Run it once and print its lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--model", type=Path, help="a checkpoint (default: real tiny.en weights)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    files, hours = (2, 0.2) if given.quick else (given.files, given.hours)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        setup = Setup(folder=folder, threads=given.threads, quick=given.quick)
        clip = audio.write(folder / "clip.wav", audio.talk(CLIP_SECONDS, ["en"]))
        file = long_file(folder, hours)
        with Server(setup, checkpoint_of(setup, given.model)) as server:
            for line in figures(server.ready(), clip, file, files):
                print(line, flush=True)


if __name__ == "__main__":
    main()
