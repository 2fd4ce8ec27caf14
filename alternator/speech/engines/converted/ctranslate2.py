"""Writes a checkpoint as a CTranslate2 directory, which faster-whisper reads.

The file's layout: https://github.com/OpenNMT/CTranslate2/blob/v4.6.0/python/ctranslate2/specs/model_spec.py
(``_serialize``), the names of the variables: ``whisper_spec.py`` beside it. One variable at a time
is in memory.
"""

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from alternator.models.dimensions import Dimensions
from alternator.models.weights import Checkpoint
from alternator.progress import Progress
from alternator.speech.engines.converted.tokens import tokenizer, write_tokenizer

VERSION, REVISION = 6, 3
SPEC = "WhisperSpec"
TYPES = {"float32": 0, "int8": 1, "int16": 2, "int32": 3, "float16": 4}
GELU = 3  # of ctranslate2.specs.common_spec.Activation
# Flags of the decoder that Whisper has not.
OFF = (
    "alibi",
    "alibi_use_positive_positions",
    "scale_alibi",
    "scale_embeddings",
    "start_from_zero_embedding",
)

Array = np.ndarray[tuple[int, ...], np.dtype[np.generic]]


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One of them, computed when it is written."""

    name: str
    make: Callable[[], Array]


def write(checkpoint: Checkpoint, folder: Path, progress: Progress) -> None:
    """Write the directory's files. Weights keep their precision; bfloat16 becomes float32."""
    variables = sorted(_variables(checkpoint), key=lambda variable: variable.name)
    with (folder / "model.bin").open("wb") as file:
        file.write(struct.pack("<I", VERSION) + _text(SPEC))
        file.write(struct.pack("<II", REVISION, len(variables)))
        for done, variable in enumerate(variables):
            _write(file, variable.name, variable.make())
            progress.advanced(float(done + 1), float(len(variables)))
        file.write(struct.pack("<I", 1))
        file.write(_text("decoder/projection/weight") + _text("decoder/embeddings/weight"))
    (folder / "config.json").write_text(json.dumps(_config(checkpoint)), encoding="utf-8")
    features = {"feature_size": checkpoint.dimensions.n_mels}
    (folder / "preprocessor_config.json").write_text(json.dumps(features), encoding="utf-8")
    write_tokenizer(checkpoint.dimensions, folder)


def _text(value: str) -> bytes:
    data = value.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


def _write(file: BinaryIO, name: str, value: Array) -> None:
    data = np.asarray(value, order="C")
    file.write(_text(name) + struct.pack("<B", data.ndim))
    file.write(struct.pack(f"<{data.ndim}I", *data.shape))
    # Sizes are 32 bits wide in the file; the largest tables are told by their shapes.
    file.write(struct.pack("<BI", TYPES[data.dtype.name], data.nbytes & 0xFFFFFFFF))
    file.write(data.tobytes())


def _variables(checkpoint: Checkpoint) -> Iterator[Variable]:
    d = checkpoint.dimensions
    for part, heads, layers, last in (
        ("encoder", d.n_audio_head, d.n_audio_layer, "ln_post"),
        ("decoder", d.n_text_head, d.n_text_layer, "ln"),
    ):
        yield _number(f"{part}/num_heads", heads, np.int16)
        yield _one(
            checkpoint, f"{part}/position_encodings/encodings", f"{part}.positional_embedding"
        )
        yield from _norm(checkpoint, f"{part}/layer_norm", f"{part}.{last}")
        for layer in range(layers):
            yield from _layer(checkpoint, f"{part}/layer_{layer}", f"{part}.blocks.{layer}")
    for convolution in ("conv1", "conv2"):
        yield from _linear(checkpoint, f"encoder/{convolution}", [f"encoder.{convolution}"])
    yield _one(checkpoint, "decoder/embeddings/weight", "decoder.token_embedding.weight")
    yield _number("decoder/activation", GELU, np.int8)
    yield _number("decoder/alignment_heads", 1, np.int16)
    yield _number("decoder/alignment_layer", -1, np.int16)
    yield _number("decoder/pre_norm", 1, np.int8)
    for flag in OFF:
        yield _number(f"decoder/{flag}", 0, np.int8)


def _layer(checkpoint: Checkpoint, target: str, source: str) -> Iterator[Variable]:
    """One layer: q, k and v are one product in self-attention, k and v in cross-attention."""
    own, cross = f"{source}.attn", f"{source}.cross_attn"
    yield from _norm(checkpoint, f"{target}/self_attention/layer_norm", f"{source}.attn_ln")
    together = [f"{own}.{kind}" for kind in ("query", "key", "value")]
    yield from _linear(checkpoint, f"{target}/self_attention/linear_0", together)
    yield from _linear(checkpoint, f"{target}/self_attention/linear_1", [f"{own}.out"])
    if f"{cross}.query.weight" in checkpoint.weights:
        yield from _norm(checkpoint, f"{target}/attention/layer_norm", f"{cross}_ln")
        yield from _linear(checkpoint, f"{target}/attention/linear_0", [f"{cross}.query"])
        heard = [f"{cross}.key", f"{cross}.value"]
        yield from _linear(checkpoint, f"{target}/attention/linear_1", heard)
        yield from _linear(checkpoint, f"{target}/attention/linear_2", [f"{cross}.out"])
    yield from _norm(checkpoint, f"{target}/ffn/layer_norm", f"{source}.mlp_ln")
    yield from _linear(checkpoint, f"{target}/ffn/linear_0", [f"{source}.mlp.0"])
    yield from _linear(checkpoint, f"{target}/ffn/linear_1", [f"{source}.mlp.2"])


def _norm(checkpoint: Checkpoint, target: str, source: str) -> Iterator[Variable]:
    yield _one(checkpoint, f"{target}/gamma", f"{source}.weight")
    yield _one(checkpoint, f"{target}/beta", f"{source}.bias")


def _linear(checkpoint: Checkpoint, target: str, sources: Sequence[str]) -> Iterator[Variable]:
    """A product, or several of the same input as one; the key has no bias, and gets zeros."""

    def weight() -> Array:
        return np.concatenate([array(checkpoint, f"{name}.weight") for name in sources])

    def bias(name: str) -> Array:
        if f"{name}.bias" in checkpoint.weights:
            return array(checkpoint, f"{name}.bias")
        matrix = array(checkpoint, f"{name}.weight")
        return np.zeros(len(matrix), matrix.dtype)

    yield Variable(name=f"{target}/weight", make=weight)
    yield Variable(
        name=f"{target}/bias", make=lambda: np.concatenate([bias(name) for name in sources])
    )


def _one(checkpoint: Checkpoint, target: str, source: str) -> Variable:
    return Variable(name=target, make=lambda: array(checkpoint, source))


def _number(name: str, value: int, kind: type[np.int16] | type[np.int8]) -> Variable:
    return Variable(name=name, make=lambda: np.asarray(value, kind))


def array(checkpoint: Checkpoint, name: str) -> Array:
    """A weight of the checkpoint, by openai-whisper's name; numpy has no bfloat16."""
    weight = checkpoint.weights[name]
    if weight.dtype not in (torch.float16, torch.float32):
        weight = weight.float()
    found: Array = weight.contiguous().numpy()
    return found


def _config(checkpoint: Checkpoint) -> dict[str, object]:
    """What may not be chosen, which tokens are languages, and which heads follow the sound."""
    d: Dimensions = checkpoint.dimensions
    known = tokenizer(d)
    special = (known.transcribe, known.translate, known.sot, known.sot_prev, known.sot_lm)
    half = range(d.n_text_layer // 2, d.n_text_layer)
    heads = checkpoint.alignment_heads or [
        (layer, head) for layer in half for head in range(d.n_text_head)
    ]
    return {
        "suppress_ids": sorted({*known.non_speech_tokens, *special, known.no_speech}),
        "suppress_ids_begin": [*known.encode(" "), known.eot],
        "lang_ids": list(known.all_language_tokens),
        "alignment_heads": [list(pair) for pair in heads],
    }
