"""Writes a checkpoint as a CTranslate2 folder, which faster-whisper reads.

The file's layout: https://github.com/OpenNMT/CTranslate2/blob/v4.6.0/python/ctranslate2/specs/model_spec.py
(``_serialize``), the names of the variables: ``whisper_spec.py`` beside it.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor
from whisper.model import ModelDimensions

from bench.whisper import tokenizer_json
from bench.whisper.weights import tokenizer

VERSION, REVISION = 6, 3
TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
Array = np.ndarray[tuple[int, ...], np.dtype[np.generic]]
Variable = tuple[str, Array]
Weights = Mapping[str, Tensor]


def convert(checkpoint: Path, folder: Path) -> Path:
    """Write the folder, unless it is there; weights stay in the precision of the file."""
    if (folder / "model.bin").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    content = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    dims = ModelDimensions(**content["dims"])
    variables = list(_variables(content["model_state_dict"], dims))
    with (folder / "model.part").open("wb") as file:
        _write(file, variables)
    (folder / "config.json").write_text(json.dumps(_config(dims)), encoding="utf-8")
    tokenizer_json.write(dims, folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": dims.n_mels}))
    (folder / "model.part").rename(folder / "model.bin")
    return folder


def _write(file: BinaryIO, variables: list[Variable]) -> None:
    def text(value: str) -> bytes:
        data = value.encode() + b"\0"
        return struct.pack("<H", len(data)) + data

    file.write(struct.pack("<I", VERSION) + text("WhisperSpec"))
    file.write(struct.pack("<II", REVISION, len(variables)))
    for name, value in sorted(variables, key=lambda variable: variable[0]):
        data = np.asarray(value, order="C")
        file.write(text(name) + struct.pack("<B", data.ndim))
        file.write(struct.pack(f"<{data.ndim}I", *data.shape) if data.ndim else b"")
        file.write(struct.pack("<BI", TYPES[data.dtype.name], data.nbytes))
        file.write(data.tobytes())
    file.write(struct.pack("<I", 1))
    file.write(text("decoder/projection/weight") + text("decoder/embeddings/weight"))


def _variables(weights: Weights, dims: ModelDimensions) -> Iterator[Variable]:
    for part, heads, layers, last in (
        ("encoder", dims.n_audio_head, dims.n_audio_layer, "ln_post"),
        ("decoder", dims.n_text_head, dims.n_text_layer, "ln"),
    ):
        yield f"{part}/num_heads", np.asarray(heads, np.int16)
        yield (
            f"{part}/position_encodings/encodings",
            weights[f"{part}.positional_embedding"].numpy(),
        )
        yield from _norm(f"{part}/layer_norm", weights, f"{part}.{last}")
        for layer in range(layers):
            yield from _layer(f"{part}/layer_{layer}", weights, f"{part}.blocks.{layer}")
    for convolution in ("conv1", "conv2"):
        yield from _linear(f"encoder/{convolution}", weights, f"encoder.{convolution}")
    yield "decoder/embeddings/weight", weights["decoder.token_embedding.weight"].numpy()
    yield "decoder/activation", np.asarray(3, np.int8)  # GELU
    yield "decoder/alignment_heads", np.asarray(1, np.int16)
    yield "decoder/alignment_layer", np.asarray(-1, np.int16)
    yield "decoder/pre_norm", np.asarray(1, np.int8)
    for flag in ("alibi", "alibi_use_positive_positions", "scale_alibi", "scale_embeddings"):
        yield f"decoder/{flag}", np.asarray(0, np.int8)
    yield "decoder/start_from_zero_embedding", np.asarray(0, np.int8)


def _layer(target: str, weights: Weights, source: str) -> Iterator[Variable]:
    """One layer: q, k and v are one product in self-attention, k and v in cross-attention."""
    yield from _norm(f"{target}/self_attention/layer_norm", weights, f"{source}.attn_ln")
    kinds = ("query", "key", "value")
    yield from _linear(f"{target}/self_attention/linear_0", weights, f"{source}.attn", kinds)
    yield from _linear(f"{target}/self_attention/linear_1", weights, f"{source}.attn.out")
    if f"{source}.cross_attn.query.weight" in weights:
        cross = f"{source}.cross_attn"
        yield from _norm(f"{target}/attention/layer_norm", weights, f"{cross}_ln")
        yield from _linear(f"{target}/attention/linear_0", weights, f"{cross}.query")
        yield from _linear(f"{target}/attention/linear_1", weights, cross, kinds[1:])
        yield from _linear(f"{target}/attention/linear_2", weights, f"{cross}.out")
    yield from _norm(f"{target}/ffn/layer_norm", weights, f"{source}.mlp_ln")
    yield from _linear(f"{target}/ffn/linear_0", weights, f"{source}.mlp.0")
    yield from _linear(f"{target}/ffn/linear_1", weights, f"{source}.mlp.2")


def _norm(target: str, weights: Weights, source: str) -> Iterator[Variable]:
    yield f"{target}/gamma", weights[f"{source}.weight"].numpy()
    yield f"{target}/beta", weights[f"{source}.bias"].numpy()


def _linear(
    target: str, weights: Weights, source: str, kinds: tuple[str, ...] = ()
) -> Iterator[Variable]:
    """A product, or several of the same input as one; the key has no bias, and gets zeros."""
    names = [f"{source}.{kind}" for kind in kinds] or [source]
    matrices = [weights[f"{name}.weight"].numpy() for name in names]
    zeros = [np.zeros(len(matrix), matrix.dtype) for matrix in matrices]
    biases = [
        weights[f"{name}.bias"].numpy() if f"{name}.bias" in weights else zero
        for name, zero in zip(names, zeros, strict=True)
    ]
    yield f"{target}/weight", np.concatenate(matrices)
    yield f"{target}/bias", np.concatenate(biases)


def _config(dims: ModelDimensions) -> dict[str, object]:
    """What may not be chosen, which tokens are languages, and which heads follow the sound."""
    known = tokenizer(dims)
    special = (known.transcribe, known.translate, known.sot, known.sot_prev, known.sot_lm)
    half = range(dims.n_text_layer // 2, dims.n_text_layer)
    return {
        "suppress_ids": sorted({*known.non_speech_tokens, *special, known.no_speech}),
        "suppress_ids_begin": [*known.encode(" "), known.eot],
        "lang_ids": list(known.all_language_tokens),
        "alignment_heads": [[layer, head] for layer in half for head in range(dims.n_text_head)],
    }
