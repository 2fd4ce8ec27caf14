"""Decodes a media file into the samples that Whisper hears, with a bounded ffmpeg child.

The samples are those of ``whisper.load_audio``. Added are the bounds, the reasons, and one guard:
a playlist or concat script that calls itself speech.mp3 must not make ffmpeg open other files.
Where a player would show something else than ``load_audio`` hears, the player is right: the default
track is taken, and sound is heard when it is played.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alternator.errors import MediaError
from alternator.media.audio_channels import is_faint, only_channel
from alternator.media.audio_command import SAMPLE_RATE, Plan
from alternator.media.audio_log import Log
from alternator.media.audio_run import FULL_SCALE, Pcm, Run
from alternator.media.audio_verdict import check_opened, remarks
from alternator.media.local_file import check_file, local_file
from alternator.media.plain_wav import plain_samples

__all__ = [
    "SAMPLE_RATE",
    "GoOn",
    "Samples",
    "Sound",
    "SoundStream",
    "check_file",
    "decode",
    "open_sound",
]

# Without a limit from the configuration: 2.8 GB of samples.
LONGEST_SECONDS = 12 * 3600
# Decoders pad by a frame or two: a clip of exactly the limit is not over it.
LIMIT_SLACK_SECONDS = 1.0
# What ffmpeg may take, not counting what is done with its samples meanwhile.
DECODE_TIMEOUT_SECONDS = 600.0

Samples = npt.NDArray[np.float32]

# Called with the seconds of sound that a file says it has, and with what there is of it after each
# block; what it raises ends the work on it.
GoOn = Callable[[float], None]


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
    track: int | None = None,
    timeout_seconds: float = DECODE_TIMEOUT_SECONDS,
    go_on: GoOn = lambda _: None,
) -> Sound:
    """One audio track of a file: ``track``, from 0, or the one that players take.

    That is the one marked as the default, else the first. A pipe is read to its end first. Of a
    file whose end is missing there is what is there, and a note.

    Raises NoAudioError for media without an audio track, MediaError for anything else that is
    wrong with the file (also if it is longer than ``limit_seconds``, or takes longer than
    ``timeout_seconds`` to decode), DecoderError where there is no ffmpeg.
    """
    plain = None if track else plain_samples(path)
    # One that is too long is refused below, in words.
    if plain is not None and (limit_seconds is None or len(plain) <= limit_seconds * SAMPLE_RATE):
        go_on(len(plain) / SAMPLE_RATE)
        return Sound(samples=np.divide(plain, FULL_SCALE, dtype=np.float32))
    with open_sound(
        path,
        limit_seconds=limit_seconds,
        track=track,
        timeout_seconds=timeout_seconds,
        go_on=go_on,
    ) as stream:
        blocks = list(stream.pcm())
    count = sum(map(len, blocks))
    samples = np.empty(count, dtype=np.float32)
    # Each block, half as large, is given back when it has been copied: the whole is never held
    # twice. Memory of ``samples`` is taken as it is written.
    blocks.reverse()
    place = 0
    while blocks:
        block = blocks.pop()
        np.divide(block, FULL_SCALE, out=samples[place : place + len(block)], dtype=np.float32)
        place += len(block)
    return Sound(samples=samples, notes=stream.notes)


@contextmanager
def open_sound(
    path: Path,
    *,
    limit_seconds: float | None = None,
    track: int | None = None,
    timeout_seconds: float = DECODE_TIMEOUT_SECONDS,
    go_on: GoOn = lambda _: None,
) -> Iterator["SoundStream"]:
    """As ``decode``, block by block while ffmpeg is at work. It raises what ``decode`` raises.

    What is wrong from the beginning is raised here, the rest when its place is reached; a limit is
    also held to what the file says of its length.
    """
    with ExitStack() as stack:
        file = stack.enter_context(local_file(path, timeout_seconds))
        request = _Request(
            path=path,
            file=file,
            track=track,
            limit_seconds=limit_seconds,
            timeout_seconds=timeout_seconds,
            go_on=go_on,
        )
        yield SoundStream(request, stack)


@dataclass(frozen=True, kw_only=True)
class _Request:
    """``file`` is what is decoded; ``path`` is how it is called."""

    path: Path
    file: Path
    track: int | None
    limit_seconds: float | None
    timeout_seconds: float
    go_on: GoOn


class SoundStream:
    """The sound of a file as it is decoded. To be gone through once.

    ``announced_seconds``: how long the file says it is, None where it does not; it may be wrong.
    ``notes`` is whole at the end.
    """

    def __init__(self, request: _Request, stack: ExitStack) -> None:
        self.notes: tuple[str, ...] = ()
        self._request = request
        self._stack = stack
        self._run = self._start(Plan(track=request.track or 0))
        log = self._run.know()
        check_opened(request.path, request.file, log, request.track)
        plan = _plan(log, request.track)
        if plan != self._run.plan:
            self._run = self._start(plan)
            log = self._run.know()
        self.announced_seconds = None if log.guessed else log.duration_seconds
        if self.announced_seconds is not None and self.announced_seconds > self._most_seconds():
            self._refuse()
        request.go_on(self.announced_seconds or 0.0)

    def __iter__(self) -> Iterator[Samples]:
        """Blocks of up to 30 s: mono float32 from -1 to 1, shape (samples,), 16 kHz."""
        for block in self.pcm():
            yield np.divide(block, FULL_SCALE, dtype=np.float32)

    def pcm(self) -> Iterator[Pcm]:
        """The same in whole numbers of 16 bits."""
        blocks = self._run.blocks()
        first = next(blocks, None)
        if first is not None and not self._is_mono() and is_faint(first):
            first, blocks = self._heard(first, blocks)
        most = self._most_seconds() * SAMPLE_RATE
        count = 0
        block = first
        while block is not None:
            count += len(block)
            if count > most:
                self._refuse()
            self._request.go_on(count / SAMPLE_RATE)
            yield block
            block = None  # the reader alone decides how long it is kept
            block = next(blocks, None)
        request = self._request
        self.notes += remarks(request.path, request.file, self._run, count / SAMPLE_RATE)

    def _start(self, plan: Plan) -> Run:
        request = self._request
        run = Run(request.file, plan, request.timeout_seconds)
        return self._stack.enter_context(run)

    def _is_mono(self) -> bool:
        tracks = self._run.log.tracks
        number = self._run.plan.track
        return number < len(tracks) and tracks[number].mono

    def _heard(self, first: Pcm, blocks: Iterator[Pcm]) -> tuple[Pcm | None, Iterator[Pcm]]:
        """The same, or one channel where all of them together are silent."""
        channel = only_channel(self._request.file, self._run.plan, self._request.timeout_seconds)
        if channel is None:
            return first, blocks
        self.notes += (
            f"All channels together are silent, so only channel {channel + 1} was listened to.",
        )
        plan = self._run.plan
        self._run = self._start(Plan(track=plan.track, exact=plan.exact, channel=channel))
        self._run.know()
        blocks = self._run.blocks()
        return next(blocks, None), blocks

    def _most_seconds(self) -> float:
        limit = self._request.limit_seconds
        return LONGEST_SECONDS if limit is None else limit + LIMIT_SLACK_SECONDS

    def _refuse(self) -> None:
        limit = self._request.limit_seconds
        minutes = (LONGEST_SECONDS if limit is None else limit) / 60
        raise MediaError(
            f"{self._request.path}: longer than the limit of {minutes:g} minutes; cut it into "
            "pieces" + ("" if limit is None else ", or raise [whisper] max_duration_minutes")
        )


def _plan(log: Log, track: int | None) -> Plan:
    """What is to be taken of a file with these tracks, at least one."""
    if track is None:
        track = next((number for number, found in enumerate(log.tracks) if found.default), 0)
    codec = log.tracks[track].codec
    # Only these hold a file's numbers as they are, and what is no number is loud in 16 bits.
    return Plan(track=track, exact=codec.startswith("pcm_f") or codec == "wavpack")
