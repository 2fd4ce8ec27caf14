"""Our network says what Resemblyzer's own code says of the same samples.

``resemblyzer.json`` was written by Resemblyzer 0.1.4 itself, with librosa 0.11.0; beside that its
own definition of the network is run, out of its package.
"""

import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from alternator.errors import ModelError
from alternator.speech.speakers.mel import MelSpectrogram
from alternator.speech.speakers.network import TOGETHER, WINDOW, VoiceNetwork, read_layers
from tests.alternator.speech.speakers.conftest import humming
from tests.real import voices

CASES = json.loads(Path(__file__).with_name("resemblyzer.json").read_text("utf-8"))["cases"]
HOP = 160


@pytest.fixture(scope="module")
def network(speaker_weights: Path) -> VoiceNetwork:
    return VoiceNetwork(speaker_weights)


def mels_at(samples: np.ndarray, starts: list[int]) -> torch.Tensor:
    """The windows that ``embed_utterance`` takes, the sound filled up behind."""
    needed = starts[-1] + WINDOW * HOP
    padded = np.pad(samples, (0, max(0, needed - len(samples))))
    mel = MelSpectrogram(torch.device("cpu"))(torch.from_numpy(padded)[None])[0]
    return torch.stack([mel[at // HOP : at // HOP + WINDOW] for at in starts])


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["samples"]))
def test_embeddings_are_those_of_the_package(network: VoiceNetwork, case: dict[str, Any]) -> None:
    mels = mels_at(humming(case["seed"], case["samples"]), case["starts"])
    found = network.embed(mels)
    assert found == pytest.approx(np.array(case["partials"]), abs=2e-6)
    mean = found.mean(axis=0)
    assert mean / np.linalg.norm(mean) == pytest.approx(np.array(case["utterance"]), abs=2e-6)


@pytest.fixture
def own_code(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """``resemblyzer.voice_encoder``, with a stand-in for what reads sound: that needs librosa."""
    package = types.ModuleType("resemblyzer")
    audio = types.ModuleType("resemblyzer.audio")
    package.audio = audio  # type: ignore[attr-defined]  # a module made by hand
    monkeypatch.setitem(sys.modules, "resemblyzer", package)
    monkeypatch.setitem(sys.modules, "resemblyzer.audio", audio)
    for name in ("hparams", "voice_encoder"):
        module = types.ModuleType(f"resemblyzer.{name}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(compile(voices.source(name), f"{name}.py", "exec"), module.__dict__)
    return sys.modules["resemblyzer.voice_encoder"]


def test_its_own_definition_says_the_same(
    network: VoiceNetwork, speaker_weights: Path, own_code: types.ModuleType
) -> None:
    theirs = own_code.VoiceEncoder("cpu", verbose=False, weights_fpath=speaker_weights)
    chance = torch.Generator().manual_seed(3)
    mels = torch.rand(TOGETHER["cpu"] + 3, WINDOW, 40, generator=chance) * 0.2
    with torch.no_grad():
        expected = theirs(mels).numpy()
    assert network.embed(mels) == pytest.approx(expected, abs=1e-6)


def test_embeddings_have_length_1_and_silence_is_no_number_that_is_none(
    network: VoiceNetwork,
) -> None:
    mels = torch.zeros(2, WINDOW, 40)
    mels[0] = mels_at(humming(1, WINDOW * HOP), [0])[0]
    found = network.embed(mels)
    assert np.isfinite(found).all() and (found >= 0).all()
    assert np.linalg.norm(found[0]) == pytest.approx(1.0, abs=1e-5)
    assert network.embed(mels[:0]).shape == (0, 256)


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04"])
def test_what_is_no_checkpoint_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.pt"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"remove it and run `alternator models speakers`"):
        read_layers(path)


def test_a_checkpoint_of_another_network_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"model_state": {"linear.weight": torch.zeros(2, 2)}}, path)
    with pytest.raises(ModelError, match=r"other\.pt can't be read"):
        VoiceNetwork(path)


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    path = tmp_path / "evil.pt"
    torch.save({"model_state": Touch()}, path)
    with pytest.raises(ModelError):
        read_layers(path)
    assert not (tmp_path / "ran").exists()
