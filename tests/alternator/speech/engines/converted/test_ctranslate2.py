"""What is written is read back as it was, by the reader that knows real files."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

import torch  # after importorskip
from model_forms import random_checkpoint

from alternator.models.checkpoint import read_checkpoint
from alternator.progress import SILENT
from alternator.speech.engines.converted.ctranslate2 import write


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [("float16", "float16"), ("float32", "float32"), ("bfloat16", "float32")],
)
def test_each_weight_comes_back_bit_by_bit(tmp_path: Path, dtype: str, kept: str) -> None:
    original = random_checkpoint(layers=(3, 2), dtype=getattr(torch, dtype))
    write(original, tmp_path, SILENT)
    found = read_checkpoint(tmp_path)
    assert found.dimensions == original.dimensions
    for name, weight in original.weights.items():
        assert torch.equal(found.weights[name], weight.to(getattr(torch, kept))), name


def test_what_stands_beside_the_weights(tmp_path: Path) -> None:
    write(random_checkpoint(vocabulary=51866), tmp_path, SILENT)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["alignment_heads"] == [[1, 0], [1, 1]], "the upper half of two layers"
    assert len(config["lang_ids"]) == 100
    assert len(json.loads((tmp_path / "vocabulary.json").read_text())) == 51866
    assert json.loads((tmp_path / "preprocessor_config.json").read_text()) == {"feature_size": 80}
