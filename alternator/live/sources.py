"""Where live sound of this machine comes from: standard input, or a microphone by ffmpeg.

What comes out are samples of 16 bits, mono, 16 kHz, little-endian.
"""

import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from alternator.errors import DecoderError, MediaError
from alternator.media.audio_command import SAMPLE_RATE
from alternator.media.ffmpeg import FORMATS, find_ffmpeg

STDIN = "-"
MICROPHONE = "mic"
CHUNK_BYTES = 1 << 16
HEAD_BYTES = 12
LOG_LINES = 20
END_SECONDS = 5.0

# How files begin that ffmpeg is asked to read; anything else is taken for samples. Only what no
# sound is likely to begin with: a frame of MP3 without a tag is not among it.
MEDIA = re.compile(
    rb"RIFF....WAVE|RF64....WAVE|OggS|fLaC|ID3|\x1a\x45\xdf\xa3|....ftyp|\.snd\x00|caff\x00|"
    rb"FORM....AIF|#!AMR|FLV\x01",
    re.DOTALL,
)

# Little is read ahead to learn what is in a file: half a second. Not ``-fflags nobuffer``, which
# forgets what it read for that. https://ffmpeg.org/ffmpeg-formats.html#Format-Options
AT_ONCE = ("-analyzeduration", "500000")
PCM = ("-vn", "-ac", "1", "-ar", str(SAMPLE_RATE), "-c:a", "pcm_s16le", "-f", "s16le")
# ffmpeg's devices for a sound server and for the sound cards themselves.
# https://ffmpeg.org/ffmpeg-devices.html#alsa, https://ffmpeg.org/ffmpeg-devices.html#pulse
BACKENDS = ("pulse", "alsa")


class Source:
    """Samples as they come; ``name`` is what the user called it. One thread reads."""

    def __init__(
        self, name: str, descriptor: int, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.name = name
        self._descriptor = descriptor
        self._process = process
        self._any = False
        self._log: list[str] = []
        self._listener: threading.Thread | None = None
        if process is not None:
            self._listener = threading.Thread(target=self._listen, args=(process,), daemon=True)
            self._listener.start()

    def read(self) -> bytes:
        """What came, b'' at the end. MediaError if it came to nothing."""
        data = os.read(self._descriptor, CHUNK_BYTES)
        self._any = self._any or bool(data)
        if not data and self._process is not None and self._listener is not None:
            self._listener.join(END_SECONDS)
            code = self._process.wait()
            if code and not self._any:
                said = f" ({self._log[-1]})" if self._log else ""
                raise MediaError(f"{self.name}: no sound can be had from it{said}")
        return data

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with process.stderr as log:
            for line in log:
                self._log = [*self._log, line.decode(errors="replace").strip()][-LOG_LINES:]


@contextmanager
def opened(name: str, environ: Mapping[str, str] = os.environ) -> Iterator[Source]:
    """Standard input (``-``) or a microphone (``mic``, ``mic:DEVICE``), while the block runs.

    DecoderError where there is no ffmpeg that can do it. Reads the first bytes of standard input.
    """
    if name != STDIN:
        with _ffmpeg(microphone_command(name, environ), stdin=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            yield Source(name, process.stdout.fileno(), process)
        return
    descriptor = 0
    head = first_bytes(descriptor)
    if MEDIA.match(head):
        # fmt: off
        command = [
            find_ffmpeg(), "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error",
            *AT_ONCE, "-protocol_whitelist", "pipe", "-format_whitelist", FORMATS,
            "-i", "pipe:0", *PCM, "pipe:1",
        ]
        # fmt: on
        reading, writing = os.pipe()
        with _ffmpeg(command, stdin=reading) as process:
            os.close(reading)
            threading.Thread(target=pump, args=(head, descriptor, writing), daemon=True).start()
            assert process.stdout is not None
            yield Source("standard input", process.stdout.fileno(), process)
    else:
        reading, writing = os.pipe()
        threading.Thread(target=pump, args=(head, descriptor, writing), daemon=True).start()
        try:
            yield Source("standard input", reading)
        finally:
            os.close(reading)


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


def pump(head: bytes, source: int, target: int) -> None:
    """Write all of one descriptor into another one, which is closed then."""
    try:
        with suppress(OSError):  # nobody reads any more
            data = head
            while data:
                while data:
                    data = data[os.write(target, data) :]
                data = os.read(source, CHUNK_BYTES)
    finally:
        os.close(target)


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
