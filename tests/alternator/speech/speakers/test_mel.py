"""The spectrogram is librosa's, as Resemblyzer asks for it (network: test_network.py)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from alternator.speech.speakers.mel import MelSpectrogram, hz, mel, mel_filters
from tests.alternator.speech.speakers.conftest import humming

CASES = json.loads(Path(__file__).with_name("resemblyzer.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["samples"]))
def test_it_is_librosas(case: dict[str, Any]) -> None:
    samples = torch.from_numpy(humming(case["seed"], case["samples"]))[None]
    found = MelSpectrogram(torch.device("cpu"))(samples)[0].numpy()
    assert found.shape == (1 + case["samples"] // 160, 40)
    peak = max(case["mel_frame_20"])
    assert found[20] == pytest.approx(case["mel_frame_20"], rel=1e-4, abs=1e-6 * peak)
    assert found.mean(axis=0) == pytest.approx(case["mel_mean"], rel=1e-4, abs=1e-6 * peak)


def test_rows_do_not_hear_each_other() -> None:
    rows = torch.from_numpy(np.stack([humming(seed, 8000) for seed in (1, 2, 3)]))
    spectrogram = MelSpectrogram(torch.device("cpu"))
    together = spectrogram(rows)
    for number in range(3):
        alone = spectrogram(rows[number : number + 1])[0]
        assert torch.allclose(together[number], alone, rtol=1e-4, atol=1e-7)


def test_the_scale_goes_there_and_back() -> None:
    frequencies = [0.0, 440.0, 999.9, 1000.0, 4000.0, 8000.0]
    mels = np.array([mel(frequency) for frequency in frequencies])
    assert hz(mels) == pytest.approx(frequencies)
    assert mel(1000.0) == pytest.approx(15.0)


def test_each_band_has_an_area_of_1() -> None:
    # A bin is 40 Hz wide; of the lowest bands only one bin or two count, so that they say little.
    assert mel_filters()[:, 20:].sum(axis=0) * 40 == pytest.approx(np.ones(20), rel=0.02)
