"""Writes a checkpoint as whisper.cpp reads it, in half precision.

The layout: https://github.com/ggml-org/whisper.cpp/blob/v1.8.2/src/whisper.cpp
(``whisper_model_load``), and ``models/convert-pt-to-ggml.py`` there.
"""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from alternator.models.dimensions import Dimensions, expected_shapes
from alternator.models.weights import Checkpoint
from alternator.progress import Progress
from alternator.speech.engines.converted.ctranslate2 import array
from alternator.speech.engines.converted.tokens import ranks_of, tokenizer
from alternator.speech.engines.whisper_package import mel_filters

MAGIC = 0x67676D6C  # GGML_FILE_MAGIC
FLOAT32, FLOAT16 = 0, 1


def write(checkpoint: Checkpoint, file: Path, progress: Progress) -> None:
    """Write the file."""
    with file.open("wb") as out:
        _head(out, checkpoint.dimensions)
        names = list(expected_shapes(checkpoint.dimensions))
        for done, name in enumerate(names):
            _tensor(out, name, checkpoint)
            progress.advanced(float(done + 1), float(len(names)))


def _head(out: BinaryIO, d: Dimensions) -> None:
    out.write(
        struct.pack(
            "<12i",
            MAGIC,
            d.n_vocab,
            d.n_audio_ctx,
            d.n_audio_state,
            d.n_audio_head,
            d.n_audio_layer,
            d.n_text_ctx,
            d.n_text_state,
            d.n_text_head,
            d.n_text_layer,
            d.n_mels,
            FLOAT16,
        )
    )
    filters = mel_filters(torch.device("cpu"), d.n_mels).numpy().astype(np.float32)
    out.write(struct.pack("<2i", *filters.shape) + filters.tobytes())
    ranks = ranks_of(tokenizer(d))
    out.write(struct.pack("<i", len(ranks)))
    out.writelines(struct.pack("<i", len(token)) + token for token in ranks)


def _tensor(out: BinaryIO, name: str, checkpoint: Checkpoint) -> None:
    value = array(checkpoint, name)
    if name in ("encoder.conv1.bias", "encoder.conv2.bias"):
        value = value.reshape(-1, 1)
    full = value.ndim < 2 or name.endswith((".bias", "positional_embedding"))
    encoded = name.encode()
    kind = FLOAT32 if full else FLOAT16
    out.write(struct.pack("<3i", value.ndim, len(encoded), kind))
    out.write(struct.pack(f"<{value.ndim}i", *reversed(value.shape)) + encoded)
    out.write(value.astype(np.float32 if full else np.float16).tobytes())
