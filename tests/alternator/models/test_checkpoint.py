from pathlib import Path

import model_forms
import pytest
import torch

from alternator.errors import ModelError
from alternator.models.checkpoint import read_checkpoint

FIXTURE = Path(__file__).parents[3] / "sandbox" / "whisper" / "fixture.pt"


def test_a_file_of_openai_whisper_is_read():
    found = read_checkpoint(FIXTURE)
    assert (found.dimensions.n_text_layer, found.dimensions.n_text_state) == (2, 64)
    assert found.dimensions.is_multilingual
    assert found.dimensions.num_languages == 99
    assert found.weights["decoder.token_embedding.weight"].dtype == torch.float16


def test_each_form_is_told_by_what_is_there(tmp_path):
    original = read_checkpoint(FIXTURE)
    theirs = model_forms.write_hugging_face(original, tmp_path / "hf")
    others = model_forms.write_ctranslate2(original, tmp_path / "ct2")
    for path, form in (
        (FIXTURE, "openai-whisper checkpoint"),
        (theirs, "Hugging Face directory"),
        (others, "CTranslate2 directory"),
    ):
        found = read_checkpoint(path)
        assert found.form == form
        assert found.dimensions == original.dimensions
        assert all(
            torch.equal(found.weights[name], original.weights[name]) for name in original.weights
        )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ggml-base.bin", b"lmgg\x9a\xca\x00\x00", r"of whisper\.cpp \(ggml\), .*the original"),
        ("base.gguf", b"GGUF\x03\x00\x00\x00", "in the form GGUF"),
        ("model.safetensors", b"\x10\0\0\0\0\0\0\0{}", "weights without their dimensions"),
        ("notes.txt", b"hello", "is damaged, or no openai-whisper checkpoint"),
    ],
)
def test_files_of_other_forms_are_named(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=words):
        read_checkpoint(tmp_path / name)


def test_a_part_of_a_directory_is_told_from_the_whole(tmp_path):
    original = read_checkpoint(FIXTURE)
    theirs = model_forms.write_hugging_face(original, tmp_path / "hf")
    others = model_forms.write_ctranslate2(original, tmp_path / "ct2")
    for part in (theirs / "model.safetensors", others / "model.bin"):
        with pytest.raises(ModelError, match="is part of a model; name the directory"):
            read_checkpoint(part)


def test_directories_without_a_model(tmp_path):
    with pytest.raises(ModelError, match="is a directory without a model: neither"):
        read_checkpoint(tmp_path)
    (tmp_path / "base.pt").write_bytes(b"")
    with pytest.raises(ModelError, match=r"name the checkpoint in it \(base\.pt\)"):
        read_checkpoint(tmp_path)
    with pytest.raises(ModelError, match="there is no Whisper checkpoint"):
        read_checkpoint(tmp_path / "none")
