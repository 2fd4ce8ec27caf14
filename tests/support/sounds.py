"""Samples to listen to: speech with silence and noise around it, 16 kHz, mono, float32."""

import io
import wave
from pathlib import Path

import numpy as np

from alternator.media.audio import Samples, decode

RATE = 16_000


def heard(path: Path) -> Samples:
    """The samples of a file."""
    return decode(path).samples


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.float32)


def noise(seconds: float, level: float = 0.05, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, level, int(seconds * RATE)).astype(np.float32)


def tune(seconds: float, level: float = 0.1) -> Samples:
    """Chords that change every half second."""
    time = np.arange(int(seconds * RATE)) / RATE
    notes = np.array([220.0, 262.0, 330.0, 392.0, 440.0])
    root = notes[(time * 2).astype(int) % len(notes)]
    chord = sum(np.sin(2 * np.pi * root * ratio * time) for ratio in (1.0, 1.25, 1.5))
    return (np.asarray(chord) * level / 3).astype(np.float32)


def joined(*parts: Samples) -> Samples:
    return np.concatenate(parts)


def sound_file(path: Path, samples: Samples, bits: int = 16) -> Path:
    """The samples as WAV of 16 kHz, of 16 or 24 bits."""
    scale = 2 ** (bits - 1)
    whole = np.clip(np.round(samples * scale), -scale, scale - 1).astype("<i4")
    data = whole.astype("<i2").tobytes()
    if bits == 24:
        data = whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(bits // 8)
        file.setframerate(RATE)
        file.writeframes(data)
    path.write_bytes(content.getvalue())
    return path
