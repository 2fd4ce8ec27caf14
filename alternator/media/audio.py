"""Decodes a media file into the samples that Whisper hears, with a bounded ffmpeg child.

The samples are those of ``whisper.load_audio``. Added are the bounds, the reasons, and one guard:
a playlist or concat script that calls itself speech.mp3 must not make ffmpeg open other files.
"""

import io
import re
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from alternator.errors import MediaError, NoAudioError
from alternator.media.ffmpeg import GUARDS, find_ffmpeg
from probe.errors import reason_of

SAMPLE_RATE = 16_000  # Hz: the rate that Whisper was trained at
FULL_SCALE = 32_768.0  # of a 16-bit sample

# Without a limit from the configuration: 2.8 GB of samples.
LONGEST_SECONDS = 12 * 3600
# Decoders pad by a frame or two: a clip of exactly the limit is not over it.
LIMIT_SLACK_SECONDS = 1.0
DECODE_TIMEOUT_SECONDS = 600.0
# Less than this part of the announced duration decoded, with errors: the rest is missing.
WHOLE_ENOUGH = 0.9

# How ffmpeg says, in its log and nowhere else, that
# the file has no audio track: https://github.com/FFmpeg/FFmpeg/blob/master/fftools/ffmpeg_opt.c
NO_AUDIO = "matches no streams"
# it is of none of FORMATS: https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/demux.c
FOREIGN_FORMAT = "not on whitelist"
# an MP4 lacks its index: https://github.com/FFmpeg/FFmpeg/blob/master/libavformat/mov.c
NO_INDEX = "moov atom not found"

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Sound:
    """What was decoded: mono float32 from -1 to 1, shape (samples,), 16 kHz.

    ``notes`` are lines about it that its listener should know: it was cut off, say.
    """

    samples: Samples
    notes: tuple[str, ...] = ()


def decode(
    path: Path,
    *,
    limit_seconds: float | None = None,
    timeout_seconds: float = DECODE_TIMEOUT_SECONDS,
) -> Sound:
    """The file's first audio track.

    Raises NoAudioError for media without an audio track, MediaError for anything else that is
    wrong with the file (also if it is longer than ``limit_seconds``, or takes longer than
    ``timeout_seconds`` to decode), DecoderError where there is no ffmpeg.
    """
    check_file(path)
    process = subprocess.Popen(
        _command(path), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert isinstance(process.stdout, io.BufferedReader) and process.stderr is not None
    log = _Log(process.stderr)
    watchdog = _Watchdog(process, timeout_seconds)
    try:
        samples = _read_samples(process.stdout, path, limit_seconds)
    except BaseException:
        process.kill()
        raise
    finally:
        # The watchdog also bounds what ffmpeg does after its last sample.
        exit_code = process.wait()
        watchdog.stop()
        process.stdout.close()
        log.finish()
    if watchdog.struck:
        raise MediaError(
            f"{path}: ffmpeg needed more than {timeout_seconds:.0f} s to decode it and was "
            f"stopped; convert the file first, for example to mp3"
        )
    _check_outcome(path, log, len(samples) / SAMPLE_RATE, exit_code)
    return Sound(samples=samples)


def check_file(path: Path) -> None:
    """MediaError unless the path is a file that can be opened and holds anything at all."""
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise MediaError(f"{path}: {what}; name an audio or video file")
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise MediaError(
            f"{path}: can't be read: {reason_of(error)}; make it readable for this user"
        ) from None
    if empty:
        raise MediaError(f"{path}: the file is empty; copy or download it again")


def _command(path: Path) -> list[str]:
    # fmt: off
    return [
        find_ffmpeg(), "-nostdin", "-hide_banner", "-nostats",
        "-loglevel", "repeat+level+info",
        *GUARDS,
        "-i", f"file:{path}",
        "-map", "0:a:0", "-ac", "1", "-ar", str(SAMPLE_RATE),
        "-c:a", "pcm_s16le", "-f", "s16le", "pipe:1",
    ]
    # fmt: on


def _read_samples(pipe: io.BufferedReader, path: Path, limit_seconds: float | None) -> Samples:
    """Reads the pipe second by second into one growing array, so that no copy stands beside it."""
    seconds = LONGEST_SECONDS if limit_seconds is None else limit_seconds + LIMIT_SLACK_SECONDS
    most = int(seconds * SAMPLE_RATE)
    buffer = bytearray(2 * SAMPLE_RATE)
    chunk = np.frombuffer(buffer, dtype="<i2")
    samples = np.empty(60 * SAMPLE_RATE, dtype=np.float32)
    count = 0
    # A buffered reader fills the whole buffer unless the pipe ends.
    while size := pipe.readinto(buffer) // 2:
        if count + size > most:
            limit = LONGEST_SECONDS if limit_seconds is None else limit_seconds
            raise MediaError(
                f"{path}: longer than the limit of {limit / 60:g} minutes; cut it into pieces"
                + ("" if limit_seconds is None else ", or raise [whisper] max_duration_minutes")
            )
        if count + size > len(samples):
            samples.resize(len(samples) * 2, refcheck=False)
        np.divide(chunk[:size], FULL_SCALE, out=samples[count : count + size], dtype=np.float32)
        count += size
    return samples[:count]


def _check_outcome(path: Path, log: "_Log", seconds: float, exit_code: int) -> None:
    reason = f" (ffmpeg: {log.errors[0]})" if log.errors and not log.foreign_format else ""
    if log.no_audio:
        raise NoAudioError(f"{path}: has no audio track, so there is no speech to write down")
    if not log.opened:
        if any(NO_INDEX in error for error in log.errors):
            raise MediaError(f"{path}: is cut off or damaged{reason}; copy or download it again")
        raise MediaError(f"{path}: is not audio or video that can be read{reason}")
    announced = log.duration_seconds
    cut_off = announced is not None and seconds < WHOLE_ENOUGH * announced and log.errors
    if exit_code or cut_off:
        of = "" if announced is None else f" of {announced:.1f}"
        raise MediaError(
            f"{path}: is cut off or damaged: {seconds:.1f}{of} s could be decoded{reason}; "
            f"copy or download it again"
        )
    if not seconds:
        raise NoAudioError(f"{path}: its audio track is empty")


class _Watchdog:
    """Kills the process after a time, unless stopped before."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.struck = False
        self._process = process
        self._timer = threading.Timer(seconds, self._strike)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        self._timer.cancel()

    def _strike(self) -> None:
        self.struck = True
        self._process.kill()


class _Log:
    """Reads ffmpeg's log as it comes and keeps what matters, however long it grows."""

    ERRORS_KEPT = 20
    ADDRESS = re.compile(r"^\[([\w,]+) @ 0x[0-9a-f]+\] ")
    DURATION = re.compile(r"^\[info\]   Duration: (\d+):(\d+):(\d+\.\d+),")
    ERROR = re.compile(r"^\[(?:error|fatal|panic)\] (.*)")

    def __init__(self, pipe: IO[bytes]) -> None:
        self.opened = False
        self.no_audio = False
        self.foreign_format = False
        self.duration_seconds: float | None = None
        self.errors: list[str] = []
        self._pipe = pipe
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Waits until the log was read to its end."""
        self._thread.join()
        self._pipe.close()

    def _read(self) -> None:
        while raw := self._pipe.readline(4096):
            line = self.ADDRESS.sub("", raw.decode("utf-8", errors="replace").rstrip())
            if line.startswith("[info] Input #0"):
                self.opened = True
            elif found := self.DURATION.match(line):
                hours, minutes, seconds = map(float, found.groups())
                self.duration_seconds = hours * 3600 + minutes * 60 + seconds
            elif found := self.ERROR.match(line):
                self.no_audio = self.no_audio or NO_AUDIO in line
                self.foreign_format = self.foreign_format or FOREIGN_FORMAT in line
                if len(self.errors) < self.ERRORS_KEPT:
                    self.errors.append(found[1])
