"""Whisper's log-Mel spectrogram: of a long clip block by block, and of many windows at once.

openai-whisper transforms a clip as a whole, which takes more than six times the memory of its
samples while it lasts (1.5 GB for an hour). Up to one block, its own function is called, so that
such clips are heard exactly as openai-whisper hears them.

The windows of a batch are made where the model is. On a GPU that is a product with the Fourier
basis: the lean CUDA image has no cuFFT, and 400 samples are few enough. It is as near to the exact
spectrum as openai-whisper's is (both within 5e-5 of double precision, on speech).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from alternator.media.audio import Samples
from alternator.speech.engines.whisper_package import (
    HOP_LENGTH,
    N_FFT,
    log_mel_spectrogram,
    mel_filters,
)

BLOCK_FRAMES = 60_000  # 10 minutes, in frames of 10 ms
# Of the spectrum's lower end, as in openai-whisper: everything below the peak by more than this
# many decades is the same silence.
DYNAMIC_RANGE = 8.0
FULL_SCALE = 32_768.0  # of a 16-bit sample
BINS = N_FFT // 2 + 1
FRAMES_AT_ONCE = 65_536  # in a GPU's memory at one time as samples and spectra: 300 MB


class Spectrogram:
    """The spectrogram of windows, on one device.

    ``n_mels``: 80, or 128 for the large-v3 models.
    """

    def __init__(self, n_mels: int, device: str = "cpu") -> None:
        self.n_mels = n_mels
        self.device = torch.device(device)
        self._filters = mel_filters("cpu", n_mels).to(self.device)
        self._window = torch.hann_window(N_FFT)
        self._basis = None if self.device.type == "cpu" else fourier_basis().to(self.device)

    def __call__(
        self, samples: torch.Tensor, *, peak: float | torch.Tensor | None = None
    ) -> torch.Tensor:
        """What ``whisper.log_mel_spectrogram`` makes of each row.

        ``samples``: mono, 16 kHz, float32 from -1 to 1 or int16, shape (n, samples), on any device;
        both ends of a row are mirrored, so silence that is to follow belongs into it. Everything
        more than eight decades below ``peak`` is the same silence: the largest value that log_mel
        gives for the whole clip, one for all rows or shape (n,); None: each row's own.
        Returns float32, shape (n, n_mels, samples // 160), a frame for every 10 ms.
        """
        return within_range(self.log_mel(samples), peak)

    def log_mel(self, samples: torch.Tensor) -> torch.Tensor:
        """The same as decades of power, before it is brought into the range that Whisper knows."""
        rows = samples.to(self.device)
        if rows.dtype == torch.int16:
            rows = rows.float().div_(FULL_SCALE)
        frames = rows.shape[1] // HOP_LENGTH
        found = torch.empty(len(rows), self.n_mels, frames, device=self.device)
        # On the CPU one by one, by the very calls of openai-whisper.
        at_once = 1 if self._basis is None else max(1, FRAMES_AT_ONCE // max(1, frames))
        with exact_products():
            for first in range(0, len(rows), at_once):
                few = slice(first, first + at_once)
                torch.matmul(self._filters, self._powers(rows[few]), out=found[few])
        return found.clamp_(min=1e-10).log10_()

    def _powers(self, rows: torch.Tensor) -> torch.Tensor:
        """The spectra of rows, shape (n, 201, frames)."""
        if self._basis is None:
            stft = torch.stft(rows, N_FFT, HOP_LENGTH, window=self._window, return_complex=True)
            powers: torch.Tensor = stft[..., :-1].abs() ** 2
            return powers
        half = N_FFT // 2
        mirrored = torch.nn.functional.pad(rows, (half, half), mode="reflect")
        frames = mirrored.unfold(1, N_FFT, HOP_LENGTH)[:, :-1]
        parts = frames @ self._basis
        return (parts[..., :BINS].square() + parts[..., BINS:].square()).transpose(1, 2)


def within_range(log_mel: torch.Tensor, peak: float | torch.Tensor | None = None) -> torch.Tensor:
    """Decades of power, shape (n, n_mels, frames), as Whisper knows them; ``log_mel`` is changed.

    ``peak`` as Spectrogram has it.
    """
    if peak is None:
        peak = log_mel.amax(dim=(1, 2))
    peaks = torch.as_tensor(peak, device=log_mel.device).reshape(-1, 1, 1)
    return log_mel.copy_(log_mel.maximum(peaks - DYNAMIC_RANGE)).add_(4.0).div_(4.0)


def fourier_basis() -> torch.Tensor:
    """Cosines and sines under Hann's window, float32, shape (400, 2 * 201)."""
    times = torch.arange(N_FFT, dtype=torch.float64)
    angles = times[:, None] * torch.arange(BINS, dtype=torch.float64) * (2 * torch.pi / N_FFT)
    window = torch.hann_window(N_FFT, dtype=torch.float64)
    return (torch.cat([angles.cos(), angles.sin()], dim=1) * window[:, None]).float()


@contextmanager
def exact_products() -> Iterator[None]:
    """Without TF32, which a site may have turned on: it has three decimal digits.

    https://docs.pytorch.org/docs/stable/notes/cuda.html#tf32-on-ampere
    """
    settings = torch.backends.cuda.matmul
    before = settings.fp32_precision
    settings.fp32_precision = "ieee"
    try:
        yield
    finally:
        settings.fp32_precision = before


def spectrogram(
    samples: Samples, n_mels: int = 80, padding: int = 0, block_frames: int = BLOCK_FRAMES
) -> torch.Tensor:
    """The spectrogram of mono float32 samples at 16 kHz, shape (samples,), on the CPU.

    ``padding`` is a number of zero samples at the end, as ``whisper.transcribe`` asks for them.
    Returns shape (n_mels, frames), float32, a frame for every 10 ms.
    """
    frames = (len(samples) + padding) // HOP_LENGTH
    # Where a block follows, the end of the sound must not be mirrored at it: that is what the
    # padding is for.
    if frames <= block_frames or padding < N_FFT:
        whole: torch.Tensor = log_mel_spectrogram(samples, n_mels, padding=padding)
        return whole
    window = torch.hann_window(N_FFT)
    filters = mel_filters("cpu", n_mels)
    result = torch.empty(n_mels, frames)
    for first in range(0, frames, block_frames):
        last = min(first + block_frames, frames)
        block = torch.from_numpy(around(samples, first, last))
        stft = torch.stft(
            block, N_FFT, HOP_LENGTH, window=window, center=False, return_complex=True
        )
        torch.matmul(filters, stft.abs() ** 2, out=result[:, first:last])
    result.clamp_(min=1e-10).log10_()
    return result.clamp_(min=float(result.max()) - DYNAMIC_RANGE).add_(4.0).div_(4.0)


def around(samples: Samples, first: int, last: int) -> Samples:
    """The samples that the frames from ``first`` to before ``last`` are made of.

    A frame reaches half a window to both sides of its middle: mirrored before the beginning, zeros
    behind the end.
    """
    half = N_FFT // 2
    start, stop = first * HOP_LENGTH - half, (last - 1) * HOP_LENGTH + half
    before = samples[1 : 1 - start][::-1] if start < 0 else samples[:0]
    within = samples[max(start, 0) : stop]
    behind = np.zeros(stop - start - len(before) - len(within), dtype=np.float32)
    return np.concatenate([before, within, behind])
