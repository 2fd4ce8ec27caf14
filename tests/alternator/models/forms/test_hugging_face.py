"""Hugging Face's directories: in one file and in many, whole and not."""

import json
from pathlib import Path

import model_forms
import pytest
import torch
from safetensors.torch import load_file, save_file

from alternator.errors import ModelError
from alternator.models.forms.hugging_face import read
from alternator.models.weights import Checkpoint


@pytest.fixture(scope="module")
def original() -> Checkpoint:
    made = model_forms.random_checkpoint(layers=(2, 1))
    return Checkpoint(
        dimensions=made.dimensions, weights=made.weights, alignment_heads=((0, 1), (0, 0))
    )


@pytest.mark.parametrize("files", [1, 3])
@pytest.mark.parametrize("pickled", [False, True])
def test_every_weight_comes_back_as_it_was(
    tmp_path: Path, original: Checkpoint, files: int, pickled: bool
) -> None:
    directory = model_forms.write_hugging_face(
        original, tmp_path / "model", files=files, pickled=pickled
    )
    found = read(directory)
    assert found.dimensions == original.dimensions
    assert found.alignment_heads == original.alignment_heads
    assert (found.form, found.notes) == ("Hugging Face directory", ())
    assert list(found.weights) == list(original.weights)
    for name, tensor in found.weights.items():
        assert tensor.dtype == torch.float16
        assert torch.equal(tensor, original.weights[name]), name


def test_the_last_layer_is_the_embedding_or_the_model_is_no_whisper(
    tmp_path: Path, original: Checkpoint
) -> None:
    directory = model_forms.write_hugging_face(original, tmp_path / "model")
    path = directory / "model.safetensors"
    tensors = load_file(path)
    embedding = tensors["model.decoder.embed_tokens.weight"]
    save_file(tensors | {"proj_out.weight": embedding.clone()}, path)
    assert read(directory).notes == ()
    save_file(tensors | {"proj_out.weight": embedding + 1}, path)
    with pytest.raises(ModelError, match=r"a last layer .* that is not its embedding"):
        read(directory)


def test_a_network_without_its_prefix(tmp_path: Path, original: Checkpoint) -> None:
    """As WhisperModel.save_pretrained writes it."""
    directory = model_forms.write_hugging_face(original, tmp_path / "model")
    path = directory / "model.safetensors"
    save_file({name.removeprefix("model."): value for name, value in load_file(path).items()}, path)
    assert read(directory).dimensions == original.dimensions


def test_further_weights_are_passed_over_with_a_note(tmp_path: Path, original: Checkpoint) -> None:
    directory = model_forms.write_hugging_face(original, tmp_path / "model")
    path = directory / "model.safetensors"
    save_file(load_file(path) | {"classifier.bias": torch.zeros(2)}, path)
    assert read(directory).notes == (
        "passed over, since Whisper has no such weights: classifier.bias",
    )


def test_missing_weights_are_named_as_there(tmp_path: Path, original: Checkpoint) -> None:
    directory = model_forms.write_hugging_face(original, tmp_path / "model")
    path = directory / "model.safetensors"
    tensors = load_file(path)
    del tensors["model.decoder.layers.0.encoder_attn.k_proj.weight"]
    save_file(tensors, path)
    with pytest.raises(
        ModelError, match=r"lacks model\.decoder\.layers\.0\.encoder_attn\.k_proj\.weight;"
    ):
        read(directory)


@pytest.mark.parametrize("keep", [0, 5, 500, -1])
def test_a_truncated_file(tmp_path: Path, original: Checkpoint, keep: int) -> None:
    directory = model_forms.write_hugging_face(original, tmp_path / "model")
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged or not whole"):
        read(directory)


def test_a_file_of_several_is_missing(tmp_path: Path, original: Checkpoint) -> None:
    directory = model_forms.write_hugging_face(original, tmp_path / "model", files=2)
    (directory / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ModelError, match=r"not whole: it lacks model-00002-of-00002\.safetensors"):
        read(directory)


def test_an_index_leads_nowhere_else(tmp_path: Path, original: Checkpoint) -> None:
    outside = tmp_path / "outside.safetensors"
    save_file({"a": torch.zeros(1)}, outside)
    directory = model_forms.write_hugging_face(original, tmp_path / "model", files=2)
    index = {"weight_map": {"a": "../outside.safetensors"}}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=r"it lacks \.\./outside\.safetensors"):
        read(directory)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("adapter_model.safetensors", "holds an adapter"),
        ("flax_model.msgpack", "weights of Flax alone"),
        ("tf_model.h5", "weights of TensorFlow alone"),
        ("README.md", "a directory without weights"),
    ],
)
def test_directories_without_usable_weights(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "whisper"}')
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ModelError, match=words):
        read(tmp_path)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ('{"model_type": "wav2vec2"}', "its config.json is of a model of type 'wav2vec2'"),
        ('{"model_type": "whisper", "d_model": 64}', "is without num_mel_bins"),
        ("[]", "does not hold what it should"),
        ('{"model_type": ', "is no JSON, or not whole"),
    ],
)
def test_configurations_of_other_models(
    tmp_path: Path, original: Checkpoint, config: str, words: str
) -> None:
    directory = model_forms.write_hugging_face(original, tmp_path / "model")
    (directory / "config.json").write_text(config)
    with pytest.raises(ModelError, match=words):
        read(directory)
    (directory / "config.json").unlink()
    with pytest.raises(ModelError, match=r"has no config\.json"):
        read(directory)


def test_a_tokenizer_that_is_not_whispers(tmp_path: Path, original: Checkpoint) -> None:
    directory = model_forms.write_hugging_face(original, tmp_path / "model")
    vocabulary = {"<|endoftext|>": 50257, "<|startoftranscript|>": 50258, "Ġthe": 17}
    (directory / "vocab.json").write_text(json.dumps(vocabulary))
    with pytest.raises(ModelError, match=r"tokenizer in .* is not Whisper's"):
        read(directory)
