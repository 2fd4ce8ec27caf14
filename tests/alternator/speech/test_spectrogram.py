"""Block by block the spectrogram is the one that openai-whisper makes of the whole."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("whisper")
from whisper.audio import N_SAMPLES, log_mel_spectrogram  # noqa: E402  # after importorskip

from alternator.media.audio import SAMPLE_RATE, Samples  # noqa: E402
from alternator.speech.spectrogram import spectrogram  # noqa: E402


def sound(seconds: float) -> Samples:
    """Noise whose loudness changes from block to block, so that the peak is in one of them."""
    count = int(seconds * SAMPLE_RATE)
    noise = np.random.default_rng(1).standard_normal(count) * 0.1
    return (noise * np.linspace(0.01, 1, count)).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.5, 7.0, 12.34567, 30.0])
@pytest.mark.parametrize("block_frames", [100, 777, 3000])
@pytest.mark.parametrize("n_mels", [80, 128])
def test_it_is_the_one_of_the_whole(seconds: float, block_frames: int, n_mels: int) -> None:
    samples = sound(seconds)
    whole = log_mel_spectrogram(samples, n_mels, padding=N_SAMPLES)
    in_blocks = spectrogram(samples, n_mels, padding=N_SAMPLES, block_frames=block_frames)
    assert in_blocks.shape == whole.shape
    assert in_blocks.dtype == whole.dtype
    torch.testing.assert_close(in_blocks, whole, atol=1e-4, rtol=0)


def test_a_clip_of_one_block_is_left_to_openai_whisper() -> None:
    samples = sound(5)
    assert torch.equal(
        spectrogram(samples, padding=N_SAMPLES), log_mel_spectrogram(samples, padding=N_SAMPLES)
    )


def test_without_padding_the_end_is_mirrored_as_openai_whisper_does() -> None:
    samples = sound(5)
    assert torch.equal(spectrogram(samples, block_frames=100), log_mel_spectrogram(samples))
