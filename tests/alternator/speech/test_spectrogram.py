"""Block by block, and for many windows at once, it is the one that openai-whisper makes."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("whisper")
from whisper.audio import N_SAMPLES, log_mel_spectrogram  # noqa: E402  # after importorskip

from alternator.media.audio import SAMPLE_RATE, Samples  # noqa: E402
from alternator.speech import spectrogram as module  # noqa: E402
from alternator.speech.spectrogram import (  # noqa: E402
    Spectrogram,
    exact_products,
    fourier_basis,
    spectrogram,
    within_range,
)


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


def windows(count: int = 3, seconds: float = 4) -> Any:
    """Tones, noise and near silence, a window each."""
    rng = np.random.default_rng(2)
    samples = rng.standard_normal((count, int(seconds * SAMPLE_RATE))) * 0.05
    times = np.arange(samples.shape[1]) / SAMPLE_RATE
    samples[0] += 0.6 * np.sin(2 * np.pi * 50 * times)
    samples[-1] *= 1e-4
    return torch.from_numpy(samples.astype(np.float32))


@pytest.mark.parametrize("n_mels", [80, 128])
def test_each_window_is_the_one_of_openai_whisper(n_mels: int) -> None:
    found = Spectrogram(n_mels)(windows())
    assert torch.equal(found, torch.stack([log_mel_spectrogram(row, n_mels) for row in windows()]))


@pytest.mark.parametrize("at_once", [1, 900, 65_536])
@pytest.mark.parametrize("n_mels", [80, 128])
def test_the_product_with_the_fourier_basis_is_the_same(
    monkeypatch: pytest.MonkeyPatch, n_mels: int, at_once: int
) -> None:
    """The way that a GPU takes, on the CPU."""
    monkeypatch.setattr(module, "FRAMES_AT_ONCE", at_once)
    made = Spectrogram(n_mels)
    made._basis = fourier_basis()
    expected = torch.stack([log_mel_spectrogram(row, n_mels) for row in windows()])
    torch.testing.assert_close(made(windows()), expected, atol=1e-4, rtol=0)


def test_the_peak_of_the_whole_clip_is_that_of_its_windows() -> None:
    """A clip in three windows: each as the part of the whole, but for the frames at its ends."""
    clip = torch.from_numpy(sound(12))
    made = Spectrogram(80)
    whole = log_mel_spectrogram(clip)
    decades = made.log_mel(clip.view(3, -1))
    peak = float(decades.max())
    for part, expected in zip(within_range(decades, peak), whole.split(400, dim=1), strict=True):
        torch.testing.assert_close(part[:, 2:-2], expected[:, 2:-2], atol=1e-4, rtol=0)
    torch.testing.assert_close(made(clip.view(3, -1), peak=torch.full((3,), peak)), decades)


def test_samples_of_16_bits_are_the_same_sound() -> None:
    whole = (windows() * 32_767).round().to(torch.int16)
    made = Spectrogram(80)
    assert torch.equal(made(whole), made(whole.float() / 32_768))


def test_products_are_exact_within_and_as_they_were_afterwards() -> None:
    settings = torch.backends.cuda.matmul
    before = settings.fp32_precision
    settings.fp32_precision = "tf32"
    try:
        with exact_products():
            assert settings.fp32_precision == "ieee"
        assert settings.fp32_precision == "tf32"
    finally:
        settings.fp32_precision = before
