"""One run of ffmpeg over a file: samples as they come, within bounds."""

import fcntl
import mmap
import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import numpy as np
import numpy.typing as npt

from alternator.errors import MediaError, TemporaryMediaError
from alternator.media.audio_command import SAMPLE_RATE, Plan, audio_command
from alternator.media.audio_log import Log
from alternator.media.child import Bounds, ends_within, start_bounded
from alternator.media.confined.reach import opening

Pcm = npt.NDArray[np.int16]

MIB = 1024 * 1024
# Address space, of which most are libraries where ffmpeg is the distribution's; 16 channels
# of 384 kHz take 300 MB. ffmpeg writes no file.
MEMORY = 2048 * MIB
BLOCK_SECONDS = 30
FULL_SCALE = 32_768.0  # of a 16-bit sample
# Without a single sample for so long, ffmpeg looks for something that is not there: in the hole
# that makes a file 10 GB large, say. It may also wait for a slow disk.
STALL_SECONDS = 60.0


class Run:
    """ffmpeg at work on one plan. What it says of the file is known before the first sample.

    ``seconds`` is the time that may be spent waiting for it; what the reader does in between is not
    counted. As a context manager it ends what it started.
    """

    def __init__(self, path: Path, plan: Plan, seconds: float) -> None:
        self.path = path
        self.plan = plan
        self.exit_code: int | None = None
        self.no_numbers = 0  # samples that were none
        self.stalled = False  # ffmpeg was stopped, since nothing came out any more
        self._allowed = self._left = seconds
        bounds = Bounds(seconds=seconds, memory=MEMORY, output=0)
        try:
            self._process = start_bounded(audio_command(path, plan), bounds, reach=opening(path))
        except FileNotFoundError:
            raise
        except OSError:
            raise TemporaryMediaError(
                f"{path}: the machine had no memory left to decode it in"
            ) from None
        assert self._process.stdout is not None and self._process.stderr is not None
        self._pipe = self._process.stdout.fileno()
        if sys.platform == "linux":
            with suppress(OSError):  # fewer turns between the two
                fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, MIB)
        self.log = Log(self._process.stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self.log.finish()

    def know(self) -> Log:
        """The log, when all that it says of the file has been said."""
        started = time.monotonic()
        known = self.log.known.wait(min(self._left, STALL_SECONDS))
        self._spend(started)
        if not known:
            self._too_long(min(self._allowed, STALL_SECONDS))
        return self.log

    def blocks(self, channels: int = 1) -> Iterator[Pcm]:
        """Samples of 16 bits in blocks of 30 s, the last one shorter, in memory of their own.

        With several ``channels`` the shape is (samples, channels). At the end ``exit_code`` is set.
        """
        width = (4 if self.plan.exact else 2) * channels
        while True:
            # Memory that goes back to the system as soon as the block does.
            memory = mmap.mmap(
                -1, BLOCK_SECONDS * SAMPLE_RATE * width, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            )
            size = self._fill(memory)
            count = size // width
            if count:
                block = self._whole_numbers(memory, count * channels)
                yield block if channels == 1 else block.reshape(count, channels)
            if size < len(memory):
                break
        self._end()

    def _end(self) -> None:
        """Nothing comes out any more."""
        if self.stalled or not ends_within(self._process, min(max(self._left, 0.1), STALL_SECONDS)):
            self.stalled = True
            self._process.kill()
        self.exit_code = self._process.wait()
        self.log.finish()
        if self.exit_code == -24:  # SIGXCPU
            self._too_long(self._allowed)

    def _whole_numbers(self, memory: mmap.mmap, count: int) -> Pcm:
        if not self.plan.exact:
            return np.frombuffer(memory, dtype="<i2", count=count)
        found = np.frombuffer(memory, dtype="<f4", count=count)
        numbers = np.isfinite(found)
        self.no_numbers += count - int(np.count_nonzero(numbers))
        # As libswresample does: the nearest whole number, within its range.
        scaled = np.rint(np.where(numbers, found, 0.0) * np.float32(FULL_SCALE))
        return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)

    def _fill(self, memory: mmap.mmap) -> int:
        """Read until the memory is full or the pipe ends; how many bytes came."""
        size = 0
        waiting = select.poll()
        waiting.register(self._pipe, select.POLLIN)
        with memoryview(memory) as view:
            while size < len(memory):
                started = time.monotonic()
                if not waiting.poll(max(min(self._left, STALL_SECONDS), 0) * 1000):
                    if self._left <= STALL_SECONDS:
                        self._too_long(self._allowed)
                    self.stalled = True
                    break
                with view[size:] as rest:
                    came = os.readv(self._pipe, [rest])
                self._spend(started)
                if not came:
                    break
                size += came
        return size

    def _spend(self, started: float) -> None:
        self._left -= time.monotonic() - started

    def _too_long(self, seconds: float) -> NoReturn:
        raise MediaError(
            f"{self.path}: ffmpeg needed more than {seconds:.0f} s to decode it and was stopped; "
            f"convert the file first, for example to mp3"
        )
