"""Whisper's log-Mel spectrogram of a long clip, block by block.

openai-whisper transforms a clip as a whole, which takes more than six times the memory of its
samples while it lasts (1.5 GB for an hour). Up to one block, its own function is called, so that
such clips are heard exactly as openai-whisper hears them.
"""

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
