"""Resemblyzer's weights, and voices that anybody can make again."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.real import voices
from tests.real.speech import NotHereError


@pytest.fixture(scope="session")
def speaker_weights() -> Path:
    try:
        return voices.weights()
    except NotHereError as error:
        pytest.skip(f"no weights that tell voices apart: {error}")


def humming(seed: int, count: int) -> npt.NDArray[np.float32]:
    """Overtones that sway, of ``count`` samples; its height goes up with the seed."""
    chance = np.random.default_rng(seed)
    t = np.arange(count) / 16000
    f = 100 + 60 * seed + 10 * np.sin(2 * np.pi * 3 * t)
    phase = 2 * np.pi * np.cumsum(f) / 16000
    tones = sum(np.sin(k * phase) / k for k in range(1, 20))
    swaying = tones * 0.05 * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))
    noise: npt.NDArray[np.float64] = chance.standard_normal(count)
    return (swaying + 0.001 * noise).astype(np.float32)
