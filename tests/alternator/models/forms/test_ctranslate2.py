"""CTranslate2's directories: all precisions and versions, and all that is wrong with one."""

import json
import struct
from pathlib import Path

import model_forms
import pytest
import torch

from alternator.errors import ModelError
from alternator.models.forms.ctranslate2 import place, read
from alternator.models.weights import Checkpoint, Weights


@pytest.fixture(scope="module")
def original() -> Checkpoint:
    made = model_forms.random_checkpoint(layers=(2, 1))
    return Checkpoint(
        dimensions=made.dimensions, weights=made.weights, alignment_heads=((0, 1), (0, 0))
    )


@pytest.mark.parametrize("quantization", ["float16", "float32"])
@pytest.mark.parametrize("version", [4, 5, 6])
def test_every_weight_comes_back_as_it_was(
    tmp_path: Path, original: Checkpoint, quantization: model_forms.Quantization, version: int
) -> None:
    directory = model_forms.write_ctranslate2(
        original, tmp_path / "model", quantization=quantization, version=version
    )
    found = read(directory)
    assert found.dimensions == original.dimensions
    assert found.alignment_heads == original.alignment_heads
    assert found.form == "CTranslate2 directory"
    assert list(found.weights) == list(original.weights)
    for name, tensor in found.weights.items():
        assert tensor.dtype == getattr(torch, quantization)
        assert torch.equal(tensor, original.weights[name].to(tensor.dtype)), name


@pytest.mark.parametrize("version", [1, 2, 3])
def test_versions_that_tell_a_type_by_its_size_have_no_half_precision(
    tmp_path: Path, original: Checkpoint, version: int
) -> None:
    directory = model_forms.write_ctranslate2(
        original, tmp_path / "model", quantization="float32", version=version
    )
    found = read(directory)
    assert found.dimensions == original.dimensions
    assert all(
        torch.equal(tensor, original.weights[name].float())
        for name, tensor in found.weights.items()
    )


def test_bfloat16_is_rounded_as_it_was_stored(tmp_path: Path, original: Checkpoint) -> None:
    directory = model_forms.write_ctranslate2(original, tmp_path / "model", quantization="bfloat16")
    for name, tensor in read(directory).weights.items():
        assert torch.equal(tensor, original.weights[name].bfloat16()), name


@pytest.mark.parametrize(("quantization", "steps"), [("int8", 127), ("int16", 1024)])
def test_quantised_weights_are_as_near_as_their_steps_allow(
    tmp_path: Path, original: Checkpoint, quantization: model_forms.Quantization, steps: int
) -> None:
    directory = model_forms.write_ctranslate2(
        original, tmp_path / "model", quantization=quantization
    )
    found = read(directory)
    assert isinstance(found.weights, Weights)
    changed = 0
    for name, tensor in found.weights.items():
        exact = original.weights[name].float()
        if tensor.dtype == torch.float32:  # no linear layer: kept
            assert torch.equal(tensor, exact), name
            continue
        assert tensor.dtype == found.weights.entries[name].dtype == torch.float16
        # A step is that of a row, or of the whole variable, which holds up to three of ours.
        step = exact.abs().max() * 1.6 / steps
        assert (tensor.float() - exact).abs().max() <= step, name
        changed += not torch.equal(tensor.float(), exact)
    assert changed == 2 * 6 + 1 * 10 + 1  # matrices of two layers and one, and the embedding


def test_each_part_of_a_fused_product_has_its_own_rows() -> None:
    assert place("decoder.blocks.3.attn.value.weight") == (
        "decoder/layer_3/self_attention/linear_0/weight",
        2,
        3,
    )
    assert place("decoder.blocks.0.cross_attn.key.weight") == (
        "decoder/layer_0/attention/linear_1/weight",
        0,
        2,
    )
    assert place("encoder.blocks.1.mlp_ln.bias") == ("encoder/layer_1/ffn/layer_norm/beta", 0, 1)
    assert place("encoder.ln_post.weight") == ("encoder/layer_norm/gamma", 0, 1)


def test_heads_are_64_wide_where_nobody_says(tmp_path: Path) -> None:
    original = model_forms.random_checkpoint(state=128, heads=2, layers=(1, 1))
    directory = model_forms.write_ctranslate2(original, tmp_path / "model")
    content = (directory / "model.bin").read_bytes().replace(b"num_heads\0", b"num_beads\0")
    (directory / "model.bin").write_bytes(content)
    found = read(directory).dimensions
    assert (found.n_audio_head, found.n_text_head) == (2, 2)


def test_alignment_heads_of_a_larger_model_are_passed_over(
    tmp_path: Path, original: Checkpoint
) -> None:
    directory = model_forms.write_ctranslate2(original, tmp_path / "model")
    (directory / "config.json").write_text(json.dumps({"alignment_heads": [[10, 3]]}))
    found = read(directory)
    assert found.alignment_heads is None
    assert "larger model" in found.notes[0]


@pytest.mark.parametrize("keep", [0, 3, 40, 5000, -1, -10, -4000])
def test_a_file_cut_off_anywhere(tmp_path: Path, original: Checkpoint, keep: int) -> None:
    directory = model_forms.write_ctranslate2(original, tmp_path / "model")
    path = directory / "model.bin"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"model\.bin (is empty|ends in the middle)"):
        read(directory)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (struct.pack("<I", 7) + b"\0" * 50, "version 7, which this program does not know"),
        (b"GGUF" + b"\0" * 50, "no model of CTranslate2"),
        (b"\0" * 100, "no model of CTranslate2"),
        (struct.pack("<I", 6) + b"\xff" * 100, "ends in the middle"),
        (model_forms.binary({}, 6, "TransformerSpec"), "TransformerSpec, and not Whisper's"),
        (model_forms.binary({}, 6), "lacks the weights encoder/conv1/weight"),
        (
            struct.pack("<I", 6)
            + model_forms.text("WhisperSpec")
            + struct.pack("<II", 3, 2**32 - 1),
            "ends in the middle",
        ),
        (
            struct.pack("<I", 6) + model_forms.text("WhisperSpec") + struct.pack("<II", 9, 0),
            "revision 9 of its layout",
        ),
    ],
)
def test_other_files_of_that_name(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(ModelError, match=words):
        read(tmp_path)


def test_missing_weights_are_named_as_ctranslate2_names_them(
    tmp_path: Path, original: Checkpoint
) -> None:
    directory = model_forms.write_ctranslate2(original, tmp_path / "model")
    path = directory / "model.bin"
    path.write_bytes(path.read_bytes().replace(b"encoder/layer_1/ffn/", b"encoder/layer_1/fnn/"))
    with pytest.raises(ModelError, match=r"lacks encoder/layer_1/ffn/linear_0/weight.* and 2 more"):
        read(directory)


def test_layers_split_into_thinner_ones_are_told(tmp_path: Path, original: Checkpoint) -> None:
    directory = model_forms.write_ctranslate2(
        original,
        tmp_path / "model",
        also={"encoder/layer_0/ffn/linear_0/low_rank_weight_1": torch.zeros(2, 2)},
    )
    with pytest.raises(ModelError, match="thinner ones"):
        read(directory)


def test_a_tokenizer_that_is_not_whispers(tmp_path: Path, original: Checkpoint) -> None:
    directory = model_forms.write_ctranslate2(original, tmp_path / "model")
    (directory / "vocabulary.json").write_text(json.dumps(["<s>", "</s>", "a"]))
    with pytest.raises(ModelError, match=r"tokenizer in .* is not Whisper's"):
        read(directory)
    (directory / "vocabulary.json").write_text(json.dumps(model_forms.whisper_vocabulary()))
    assert read(directory).dimensions == original.dimensions


def test_a_vocabulary_that_was_filled_up_is_cut(tmp_path: Path) -> None:
    original = model_forms.random_checkpoint(layers=(1, 1), vocabulary=51872)
    directory = model_forms.write_ctranslate2(original, tmp_path / "model", quantization="int8")
    with pytest.raises(ModelError, match="vocabulary of 51872 tokens, and no tokenizer"):
        read(directory)
    lines = [*model_forms.whisper_vocabulary(), *(f"<|extra{n}|>" for n in range(7))]
    (directory / "vocabulary.txt").write_text("\n".join(lines))
    found = read(directory)
    assert found.dimensions.n_vocab == 51865
    assert found.weights["decoder.token_embedding.weight"].shape == (51865, 64)
    assert "the last 7 tokens" in found.notes[0]
