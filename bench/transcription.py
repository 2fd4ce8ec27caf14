"""How fast clips become text: the loaded worker beside openai-whisper's command.

    python -m bench.transcription [--model PATH_OR_NAME] [--clips N]

Both get the same spoken clips, the same model and the same options. The command is started once
for each clip, as a bot that calls it would, and once for all of them. Printed are seconds a clip,
the real-time factor (seconds of work for a second of sound) and the ratio to the worker.
"""

import argparse
import dataclasses
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alternator.config.load import load_whisper
from alternator.media.audio import SAMPLE_RATE, decode
from alternator.speech.transcriber import Transcriber

CHECKPOINT = Path(__file__).parents[1] / "sandbox" / "whisper" / "fixture.pt"
PHRASES = (
    "Welcome to the daily news.",
    "Today we talk about the weather.",
    "Captions help everyone understand.",
    "Open source software is fun.",
    "The children are playing in the garden.",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default=str(CHECKPOINT))
    parser.add_argument("--clips", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        clips = make_clips(Path(directory), arguments.clips)
        sound = sum(len(decode(clip).samples) for clip in clips) / SAMPLE_RATE
        loading, working = time_worker(clips, arguments.model)
        command = [str(Path(sys.executable).with_name("whisper")), "--model", arguments.model]
        command += ["--output_dir", directory, "--verbose", "False", "--fp16", "False"]
        each = timed(lambda: run_each(command, clips))
        together = timed(lambda: run(command, clips))
    print(f"{len(clips)} clips, {sound:.1f} s of sound, model {arguments.model}")
    print(f"worker start, model loaded: {loading:.2f} s")
    print(f"{'':<38}{'s/clip':>8}{'factor':>8}{'ratio':>8}")
    for name, seconds in (
        ("worker, loaded", working),
        ("openai-whisper, one call for all", together),
        ("openai-whisper, one call for each", each),
    ):
        factor, ratio = seconds / sound, seconds / working
        print(f"{name:<38}{seconds / len(clips):>8.2f}{factor:>8.2f}{ratio:>8.1f}")
    return 0


def make_clips(directory: Path, count: int) -> list[Path]:
    """Spoken clips as mp3."""
    clips = []
    for number in range(count):
        sound, clip = directory / f"{number}.wav", directory / f"{number}.mp3"
        phrase = PHRASES[number % len(PHRASES)]
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "160", "-w", sound, phrase], check=True)
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", sound, clip], check=True)
        clips.append(clip)
    return clips


def time_worker(clips: list[Path], model: str) -> tuple[float, float]:
    """Seconds to start the worker with its model, and to transcribe all clips."""
    settings = dataclasses.replace(load_whisper(), model=model, max_duration_minutes=0)
    with Transcriber(settings) as transcriber:
        loading = timed(transcriber.start)
        working = timed(lambda: [transcriber.transcribe(clip) for clip in clips])
    return loading, working


def run_each(command: list[str], clips: list[Path]) -> None:
    for clip in clips:
        run(command, [clip])


def run(command: list[str], clips: list[Path]) -> None:
    subprocess.run([*command, *map(str, clips)], check=True, capture_output=True)


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
