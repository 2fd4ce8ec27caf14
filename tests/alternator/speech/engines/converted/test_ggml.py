"""The file of whisper.cpp's form is whole, by the layout that whisper.cpp reads."""

import struct
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from model_forms import random_checkpoint  # after importorskip

from alternator.progress import SILENT
from alternator.speech.engines.converted.ggml import write
from alternator.speech.engines.whisper_cpp.ggml_file import check_whole, is_ggml


@pytest.mark.parametrize("vocabulary", [51864, 51865])
def test_it_is_whole(tmp_path: Path, vocabulary: int) -> None:
    checkpoint = random_checkpoint(vocabulary=vocabulary)
    path = tmp_path / "model.bin"
    write(checkpoint, path, SILENT)
    assert is_ggml(path)
    check_whole(path)
    content = path.read_bytes()
    assert struct.unpack_from("<12i", content)[1:] == (
        vocabulary, 1500, 64, 2, 2, 448, 64, 2, 2, 80, 1,
    )  # fmt: skip
    # The last tensor is the bias of the decoder's last norm, in full precision.
    last = checkpoint.weights["decoder.ln.bias"].float().numpy()
    assert content.endswith(b"decoder.ln.bias" + last.astype("<f4").tobytes())
