"""Bare samples become a WAV file that ffmpeg reads, by the header that is put in front of them."""

import struct
from dataclasses import dataclass
from pathlib import Path

# http://soundfile.sapp.org/doc/WaveFormat/
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
HEADER_BYTES = HEADER.size
MOST = 2**32 - 1
PCM = 1


@dataclass(frozen=True, kw_only=True)
class Samples:
    """What samples are: ``rate`` in Hz, ``width`` in bytes (1 is unsigned, more are signed, the
    lowest byte first), ``channels`` side by side."""

    rate: int
    width: int
    channels: int

    @property
    def frame(self) -> int:
        """Bytes of one moment."""
        return self.width * self.channels


# What the decoder of Whisper takes, and what clients send that decode by themselves.
OF_WHISPER = Samples(rate=16000, width=2, channels=1)


def wav_header(samples: Samples, size: int) -> bytes:
    """The header of so many bytes of samples."""
    return HEADER.pack(
        b"RIFF",
        min(size + HEADER_BYTES - 8, MOST),
        b"WAVE",
        b"fmt ",
        16,
        PCM,
        samples.channels,
        samples.rate,
        samples.rate * samples.frame,
        samples.frame,
        samples.width * 8,
        b"data",
        min(size, MOST),
    )


def put_header(path: Path, samples: Samples, size: int) -> None:
    """Write it into the room that was kept at the beginning of the file."""
    with path.open("r+b") as file:
        file.write(wav_header(samples, size))
