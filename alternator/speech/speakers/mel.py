"""The spectrogram that the network for voices hears: 40 bands of Slaney's mel scale, as power.

It is librosa's ``melspectrogram`` with Resemblyzer's settings (windows of 25 ms, a step of 10 ms,
not logarithmic), as a product with the Fourier basis: the lean images have no cuFFT, and librosa
would bring numba and a compiler.
https://github.com/resemble-ai/Resemblyzer/blob/master/resemblyzer/audio.py (wav_to_mel_spectrogram)
https://github.com/librosa/librosa/blob/0.11.0/librosa/filters.py (mel)

Runs in the worker: it imports torch.
"""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

SAMPLE_RATE = 16_000  # Hz
N_FFT, HOP = 400, 160  # samples
BANDS = 40
BINS = N_FFT // 2 + 1

# Slaney's scale: linear up to 1 kHz, logarithmic above.
LINEAR_HZ = 200.0 / 3  # in a mel
BREAK_HZ = 1000.0
BREAK_MEL = BREAK_HZ / LINEAR_HZ
LOG_STEP = math.log(6.4) / 27.0


class MelSpectrogram:
    """The spectrogram, computed on one device."""

    def __init__(self, device: torch.device) -> None:
        self._basis = fourier_basis().to(device)
        self._filters = torch.from_numpy(mel_filters()).to(device)

    def __call__(self, samples: torch.Tensor) -> torch.Tensor:
        """Mono, 16 kHz, float32 from -1 to 1, shape (n, samples), on the device.

        Returns float32, (n, 1 + samples // 160, 40): frames are centred on each 10 ms, and zeros
        stand before the sound and behind it.
        """
        padded = functional.pad(samples, (N_FFT // 2, N_FFT // 2))
        parts = padded.unfold(-1, N_FFT, HOP) @ self._basis
        power = parts[..., :BINS].square() + parts[..., BINS:].square()
        return power @ self._filters


def fourier_basis() -> torch.Tensor:
    """Cosines and sines under a Hann window, float32, (400, 402)."""
    time = np.arange(N_FFT)
    angles = 2 * np.pi / N_FFT * np.outer(time, np.arange(BINS))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * time / N_FFT)
    basis = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) * window[:, None]
    return torch.from_numpy(basis.astype(np.float32))


def mel_filters() -> npt.NDArray[np.float32]:
    """Triangles over the spectrum, each with an area of 1: float32, (201, 40)."""
    centres = hz(np.linspace(0.0, float(mel(SAMPLE_RATE / 2)), BANDS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, BINS)
    rising = (bins[:, None] - centres[:-2]) / np.diff(centres)[:-1]
    falling = (centres[2:] - bins[:, None]) / np.diff(centres)[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    scaled: npt.NDArray[np.float32] = (triangles * (2.0 / (centres[2:] - centres[:-2]))).astype(
        np.float32
    )
    return scaled


def mel(frequency: float) -> float:
    """Slaney's mels of a frequency in Hz."""
    if frequency < BREAK_HZ:
        return frequency / LINEAR_HZ
    return BREAK_MEL + math.log(frequency / BREAK_HZ) / LOG_STEP


def hz(mels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """And back."""
    above = BREAK_HZ * np.exp(LOG_STEP * (mels - BREAK_MEL))
    return np.where(mels < BREAK_MEL, mels * LINEAR_HZ, above)
