"""Whether there is anything to hear in a file, be it music, noise or speech."""

import subprocess
import sys
import time
from array import array
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from alternator.errors import TemporaryMediaError
from alternator.media.audio_command import SAMPLE_RATE, Plan, audio_command
from alternator.media.child import Bounds, ending, output_of, start_bounded
from alternator.media.confined.reach import opening
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
        process = start_bounded(
            audio_command(path, Plan()), bounds, reach=opening(path), errors=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise
    except OSError:
        raise TemporaryMediaError("the machine had no memory left to decode the sound in") from None
    deadline = time.monotonic() + bounds.seconds
    with ending(process):
        try:
            return _hardly_heard(output_of(process, deadline, progress))
        except TimeoutError:
            return False


def _hardly_heard(pieces: Iterator[bytes]) -> bool:
    heard = count = 0
    rest = b""
    for piece in chain(pieces, [b""]):  # the last tenth may be shorter
        rest += piece
        whole = len(rest) - len(rest) % TENTH if piece else len(rest)
        for place in range(0, whole, TENTH):
            heard += _peak(rest[place : place + TENTH]) > HEARD
            count += 1
        rest = rest[whole:]
    return heard <= count * LEAST_SHARE


def _peak(data: bytes) -> int:
    """Of samples of 16 bits, the lowest byte first."""
    samples = array("h", data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    highest, lowest = max(samples, default=0), min(samples, default=0)
    return max(highest, -lowest)
