"""Writes a checkpoint as whisper.cpp reads it, in half precision or eight bits.

The layout: https://github.com/ggml-org/whisper.cpp/blob/v1.8.2/src/whisper.cpp
(``whisper_model_load``;
tensors in float32: ``models/convert-pt-to-ggml.py``); blocks of eight bits:
``ggml/src/ggml-common.h`` (``block_q8_0``: a half-precision scale and 32 signed bytes).
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import torch
from torch import Tensor
from whisper.audio import mel_filters
from whisper.model import ModelDimensions

from bench.whisper.weights import tokenizer

Precision = Literal["f32", "f16", "q8_0"]
MAGIC = 0x67676D6C
FILE_TYPE: dict[Precision, int] = {"f32": 0, "f16": 1, "q8_0": 7}
TENSOR_TYPE: dict[Precision, int] = {"f32": 0, "f16": 1, "q8_0": 8}
QUANTIZATION_VERSION = 2  # ftype = 1000 * version + type
BLOCK = 32


def convert(checkpoint: Path, file: Path, precision: Precision) -> Path:
    """Write the file, unless it is there."""
    if file.exists():
        return file
    content = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    dims = ModelDimensions(**content["dims"])
    partial = file.with_suffix(".part")
    with partial.open("wb") as out:
        _head(out, dims, precision)
        _tensors(out, content["model_state_dict"], precision)
    partial.rename(file)
    return file


def _head(out: BinaryIO, dims: ModelDimensions, precision: Precision) -> None:
    numbers = (
        dims.n_vocab,
        dims.n_audio_ctx,
        dims.n_audio_state,
        dims.n_audio_head,
        dims.n_audio_layer,
        dims.n_text_ctx,
        dims.n_text_state,
        dims.n_text_head,
        dims.n_text_layer,
        dims.n_mels,
    )
    version = 1000 * QUANTIZATION_VERSION if precision == "q8_0" else 0
    out.write(struct.pack("<12i", MAGIC, *numbers, version + FILE_TYPE[precision]))
    filters = mel_filters(torch.device("cpu"), dims.n_mels).numpy().astype(np.float32)
    out.write(struct.pack("<2i", *filters.shape) + filters.tobytes())
    ranks: Mapping[bytes, int] = tokenizer(dims).encoding._mergeable_ranks
    out.write(struct.pack("<i", len(ranks)))
    out.writelines(struct.pack("<i", len(token)) + token for token in ranks)


def _tensors(out: BinaryIO, weights: Mapping[str, Tensor], precision: Precision) -> None:
    for name, weight in weights.items():
        value = weight.numpy()
        if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
            value = value.reshape(-1, 1)
        full = value.ndim < 2 or name.endswith((".bias", "positional_embedding"))
        kind: Precision = "f32" if full else precision
        if kind == "q8_0" and (value.ndim != 2 or value.shape[-1] % BLOCK):
            kind = "f16"  # the convolutions
        encoded = name.encode()
        out.write(struct.pack("<3i", value.ndim, len(encoded), TENSOR_TYPE[kind]))
        out.write(struct.pack(f"<{value.ndim}i", *reversed(value.shape)) + encoded)
        out.write(_encoded(value, kind))


def _encoded(value: np.ndarray[tuple[int, ...], np.dtype[np.generic]], kind: Precision) -> bytes:
    if kind == "f32":
        return value.astype(np.float32).tobytes()
    if kind == "f16":
        return value.astype(np.float16).tobytes()
    blocks = value.astype(np.float32).reshape(-1, BLOCK)
    scales = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype(np.float32)
    steps = np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales > 0)
    packed = np.empty(len(blocks), dtype=[("scale", "<f2"), ("steps", "i1", BLOCK)])
    packed["scale"], packed["steps"] = scales[:, 0].astype(np.float16), np.rint(steps)
    return packed.tobytes()
