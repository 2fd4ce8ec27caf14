"""What is sent: the sound in pieces that every server takes, each as a WAV of 16 bits.

Not the file itself: servers take some kinds of file, we take 99; a file may have several tracks,
and carries what its owner did not mean to send (where it was recorded, say).
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from alternator.media.audio import SAMPLE_RATE, Samples
from alternator.speech.engines.clips import stretches

# OpenAI takes 25 MB, and of its newer models 1500 s; 12 min of this WAV are 23 MB.
# https://platform.openai.com/docs/guides/speech-to-text
MOST_SECONDS = 720
# The last part of a piece is searched for its quietest place, by stretches of this length.
SEARCHED_SECONDS = 60
STRETCH = SAMPLE_RATE // 10

FULL_SCALE = 32768
BLOCK = 30 * SAMPLE_RATE
BYTES = 2  # a sample


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """A stretch of the sound. ``start`` in seconds from the beginning of all."""

    start: float
    samples: Samples

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / SAMPLE_RATE


def pieces_of(samples: Samples, clips: Sequence[float]) -> list[Piece]:
    """The pieces of what is to be heard, in their order; none of digital silence.

    ``clips`` as DecodingOptions.clip_timestamps.
    """
    return [
        piece for first, last in stretches(samples, clips) for piece in _cut(samples, first, last)
    ]


def _cut(samples: Samples, first: int, last: int) -> Iterator[Piece]:
    """The samples from ``first`` on, cut where it is quiet."""
    while first < last:
        end = last
        if last - first > MOST_SECONDS * SAMPLE_RATE:
            end = _quietest(samples, first + MOST_SECONDS * SAMPLE_RATE)
        piece = Piece(start=first / SAMPLE_RATE, samples=samples[first:end])
        if piece.samples.any():
            yield piece
        first = end


def _quietest(samples: Samples, end: int) -> int:
    """The middle of the quietest stretch in the time before ``end``, the last of several."""
    begin = end - SEARCHED_SECONDS * SAMPLE_RATE
    stretches = samples[begin:end].reshape(-1, STRETCH)
    loudness = np.square(stretches, dtype=np.float64).mean(axis=1)
    quietest = len(loudness) - 1 - int(np.argmin(loudness[::-1]))
    return begin + quietest * STRETCH + STRETCH // 2


def wav_size(piece: Piece) -> int:
    """Bytes of the WAV."""
    return len(_header(0)) + BYTES * len(piece.samples)


def wav(piece: Piece) -> Iterator[bytes]:
    """The WAV, block by block."""
    yield _header(BYTES * len(piece.samples))
    for at in range(0, len(piece.samples), BLOCK):
        block = np.rint(piece.samples[at : at + BLOCK] * np.float32(FULL_SCALE))
        yield np.clip(block, -FULL_SCALE, FULL_SCALE - 1).astype("<i2").tobytes()


def _header(size: int) -> bytes:
    """Of PCM, mono, 16 kHz, 16 bits: http://soundfile.sapp.org/doc/WaveFormat/"""
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, BYTES * SAMPLE_RATE, BYTES, 8 * BYTES)
    return b"".join(
        (b"RIFF", struct.pack("<I", 36 + size), b"WAVEfmt ", struct.pack("<I", len(form)), form)
    ) + struct.pack("<4sI", b"data", size)
