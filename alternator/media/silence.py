"""Whether there is anything to hear in a file, be it music, noise or speech."""

import os
import select
import subprocess
import sys
import time
from array import array
from pathlib import Path

from alternator.errors import TemporaryMediaError
from alternator.media.audio_command import SAMPLE_RATE, Plan, audio_command
from alternator.media.child import Bounds, start_bounded
from alternator.progress import SILENT, Progress

MIB = 1024 * 1024
BOUNDS = Bounds(seconds=120.0, memory=2048 * MIB, output=0)
# A tenth of a second is heard if its peak is above -60 dB of full scale: the noise of a quiet room,
# recorded by a telephone, lies around that, and lossy encoders leave a step or two of zeros.
HEARD = 33  # of 32768
TENTH = SAMPLE_RATE // 10 * 2  # bytes
# A click is no sound worth the word.
LEAST_SHARE = 0.01


def is_silent(path: Path, *, bounds: Bounds = BOUNDS, progress: Progress = SILENT) -> bool:
    """Whether of all tenths of a second hardly one can be heard. False where that takes too long.

    A file of which nothing can be decoded counts as silent: its listener has said what is wrong.
    """
    try:
        process = start_bounded(audio_command(path, Plan()), bounds, errors=subprocess.DEVNULL)
    except FileNotFoundError:
        raise
    except OSError:
        raise TemporaryMediaError("the machine had no memory left to decode the sound in") from None
    try:
        return _hardly_heard(process, bounds, progress)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _hardly_heard(process: subprocess.Popen[bytes], bounds: Bounds, progress: Progress) -> bool:
    assert process.stdout is not None
    pipe = process.stdout.fileno()
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    deadline = time.monotonic() + bounds.seconds
    heard = count = 0
    rest = b""
    while True:
        progress.beat()
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        if not waiting.poll(min(left, 0.5) * 1000):
            continue
        piece = os.read(pipe, MIB)
        rest += piece
        whole = len(rest) if not piece else len(rest) - len(rest) % TENTH
        for place in range(0, whole, TENTH):
            heard += _peak(rest[place : place + TENTH]) > HEARD
            count += 1
        rest = rest[whole:]
        if not piece:
            return heard <= count * LEAST_SHARE


def _peak(data: bytes) -> int:
    """Of samples of 16 bits, the lowest byte first."""
    samples = array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    highest, lowest = max(samples, default=0), min(samples, default=0)
    return max(highest, -lowest)
