"""Where live sound of this machine comes from: standard input, or a microphone by ffmpeg.

What comes out are samples of 16 bits, mono, 16 kHz, little-endian.
"""

import os
import re
import select
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from alternator.errors import DecoderError, MediaError
from alternator.live.tap import CHUNK_BYTES, Tap, pump
from alternator.media.audio_command import SAMPLE_RATE
from alternator.media.ffmpeg import FORMATS, find_ffmpeg

STDIN = "-"
MICROPHONE = "mic"
HEAD_BYTES = 12
LOG_LINES = 20
END_SECONDS = 5.0
# What ffmpeg and the pipe may hold of a device's sound before its end: half a minute.
MOST_SINCE_END = 1 << 20

# How files begin that ffmpeg is asked to read; anything else is taken for samples. Only what no
# sound is likely to begin with: a frame of MP3 without a tag is not among it.
MEDIA = re.compile(
    rb"RIFF....WAVE|RF64....WAVE|OggS|fLaC|ID3|\x1a\x45\xdf\xa3|....ftyp|\.snd\x00|caff\x00|"
    rb"FORM....AIF|#!AMR|FLV\x01",
    re.DOTALL,
)

# Little is read ahead to learn what is in a file: half a second. Not ``-fflags nobuffer``, which
# forgets what it read for that. And samples in a WAV file are not held against DTS, which they may
# hide, for 2500 packets: nothing came of one before its end.
# https://ffmpeg.org/ffmpeg-formats.html#Format-Options
AT_ONCE = ("-analyzeduration", "500000", "-max_probe_packets", "1")
PCM = ("-vn", "-ac", "1", "-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-f", "s16le")
# ffmpeg's devices for a sound server and for the sound cards themselves.
# https://ffmpeg.org/ffmpeg-devices.html#alsa, https://ffmpeg.org/ffmpeg-devices.html#pulse
BACKENDS = ("pulse", "alsa")


class Source:
    """Samples as they come; ``name`` is what the user called it. One thread reads."""

    def __init__(self, name: str, tap: Tap) -> None:
        self.name = name
        self._tap = tap

    def read(self) -> bytes:
        """What came, b'' at the end. MediaError if it came to nothing."""
        return self._tap.read()

    def end(self) -> None:
        """It ends now: what came before this can still be read, and then there is no more. Does
        not wait; any thread may call it."""
        self._tap.shut()


class Decoded(Source):
    """What ffmpeg makes of a tap, or of a device if there is none."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], tap: Tap | None = None) -> None:
        assert process.stdout is not None
        self.name = name
        self._stdout = process.stdout.fileno()
        self._process = process
        self._given = tap
        self._any = self._ended = False
        self._since_end = 0  # bytes that were read
        self._log: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def read(self) -> bytes:
        """What came, b'' at the end. MediaError if it came to nothing."""
        while not select.select([self._stdout], [], [], END_SECONDS)[0]:
            if self._ended:  # a device that hangs, say
                self._process.kill()
        data = os.read(self._stdout, CHUNK_BYTES)
        self._any = self._any or bool(data)
        if self._ended and self._given is None:
            self._since_end += len(data)
            if self._since_end > MOST_SINCE_END:  # it was told to end, and goes on giving
                self._process.kill()
        if not data:
            self._listener.join(END_SECONDS)
            code = self._process.wait()
            if code and not self._any and not self._ended:
                said = f" ({self._log[-1]})" if self._log else ""
                raise MediaError(f"{self.name}: no sound can be had from it{said}")
        return data

    def end(self) -> None:
        """It ends now: ffmpeg still gives what it has of the sound before this, unless it is told
        a second time."""
        if self._ended:
            self._process.kill()
        elif self._given is not None:
            self._given.shut()
        else:
            self._process.terminate()  # what it holds it writes first, as at its key q
        self._ended = True

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as log:
            for line in log:
                self._log = [*self._log, line.decode(errors="replace").strip()][-LOG_LINES:]


@contextmanager
def opened(name: str, environ: Mapping[str, str] = os.environ) -> Iterator[Source]:
    """Standard input (``-``) or a microphone (``mic``, ``mic:DEVICE``), while the block runs.

    DecoderError where there is no ffmpeg that can do it. Reads the first bytes of standard input.
    """
    if name != STDIN:
        with _ffmpeg(microphone_command(name, environ), stdin=subprocess.DEVNULL) as process:
            yield Decoded(name, process)
        return
    descriptor = 0
    head = first_bytes(descriptor)
    with closing(Tap(descriptor, head)) as tap:
        if not MEDIA.match(head):
            yield Source("standard input", tap)
            return
        # fmt: off
        command = [
            find_ffmpeg(), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error",
            *AT_ONCE, "-protocol_whitelist", "pipe", "-format_whitelist", FORMATS,
            "-i", "pipe:0", *PCM, "pipe:1",
        ]
        # fmt: on
        reading, writing = os.pipe()
        pumping = threading.Thread(target=pump, args=(tap, writing), daemon=True)
        pumping.start()
        try:
            with os.fdopen(reading, "rb") as given, _ffmpeg(command, stdin=reading) as process:
                given.close()
                yield Decoded("standard input", process, tap)
        finally:
            tap.shut()
            pumping.join()  # with ffmpeg gone nothing is waited for


def check(name: str, environ: Mapping[str, str] = os.environ) -> None:
    """DecoderError if it can't be had, as far as that can be told without opening it."""
    if name != STDIN:
        microphone_command(name, environ)


def first_bytes(descriptor: int) -> bytes:
    """Enough of the beginning to tell a file from samples, less if there is no more."""
    head = b""
    while len(head) < HEAD_BYTES and (more := os.read(descriptor, HEAD_BYTES - len(head))):
        head += more
    return head


@contextmanager
def _ffmpeg(command: list[str], *, stdin: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,  # Ctrl-C is for the command, which ends it itself
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def microphone_command(name: str, environ: Mapping[str, str]) -> list[str]:
    """ffmpeg's command for ``mic``, ``mic:DEVICE``, ``mic:alsa:DEVICE`` or ``mic:pulse:DEVICE``."""
    device = name.removeprefix(MICROPHONE).removeprefix(":")
    backend, colon, rest = device.partition(":")
    there = backends()
    if not there:
        raise DecoderError(
            "this ffmpeg can't record: it was built without ALSA and PulseAudio, as the one in "
            "the container images is; install the distribution's, or send sound to --live -"
        )
    if colon and backend in BACKENDS:
        if backend not in there:
            raise DecoderError(
                f"{name}: this ffmpeg was built without {backend}; it has {', '.join(there)}"
            )
        device = rest
    else:
        backend = "pulse" if "pulse" in there and has_sound_server(environ) else there[-1]
    # fmt: off
    return [
        find_ffmpeg(), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error",
        "-f", backend, "-i", device or "default", *PCM, "pipe:1",
    ]
    # fmt: on


def backends() -> list[str]:
    """Those of BACKENDS that ffmpeg can record from."""
    done = subprocess.run(
        [find_ffmpeg(), "-hide_banner", "-devices"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=30,
        check=False,
    )
    found = re.findall(r"^ ?D[ E]?\s+(\S+)", done.stdout, re.MULTILINE)
    return [name for name in BACKENDS if name in found]


def has_sound_server(environ: Mapping[str, str]) -> bool:
    """Whether PulseAudio, or PipeWire in its place, seems to run.
    https://www.freedesktop.org/wiki/Software/PulseAudio/FAQ/ (PULSE_SERVER, the native socket)"""
    runtime = environ.get("XDG_RUNTIME_DIR")
    return bool(environ.get("PULSE_SERVER")) or (
        runtime is not None and Path(runtime, "pulse", "native").exists()
    )
