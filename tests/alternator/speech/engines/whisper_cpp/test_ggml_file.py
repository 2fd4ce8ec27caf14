"""A file that is cut off, or another one, is told before whisper.cpp sees it."""

import struct
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from model_forms import random_checkpoint  # after importorskip

from alternator.errors import ModelError
from alternator.progress import SILENT
from alternator.speech.engines.converted.ggml import write
from alternator.speech.engines.whisper_cpp.ggml_file import check_whole, is_ggml


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("ggml") / "model.bin"
    write(random_checkpoint(), path, SILENT)
    return path.read_bytes()


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.999999])
def test_a_file_that_ends_in_the_middle(content: bytes, tmp_path: Path, share: float) -> None:
    path = tmp_path / "cut.bin"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match=r"cut.bin is no whole model of whisper.cpp \(.*copy it"):
        check_whole(path)


@pytest.mark.parametrize(("at", "number"), [(4, -5), (8, 2_000_000_000), (48, 1 << 30), (16, 63)])
def test_numbers_that_can_not_be(content: bytes, tmp_path: Path, at: int, number: int) -> None:
    path = tmp_path / "odd.bin"
    path.write_bytes(content[:at] + struct.pack("<i", number) + content[at + 4 :])
    with pytest.raises(ModelError, match=r"odd.bin is no"):
        check_whole(path)


def test_another_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(b"GGUF....")
    assert not is_ggml(path)
    with pytest.raises(ModelError, match="can't be read: No such file"):
        is_ggml(tmp_path / "none.bin")
