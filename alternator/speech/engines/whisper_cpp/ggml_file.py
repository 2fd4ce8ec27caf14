"""Whether a file of whisper.cpp's is whole.

The binding gives an object for a file that could not be loaded, and the process dies when that is
used. https://github.com/ggml-org/whisper.cpp/blob/v1.8.2/src/whisper.cpp (whisper_model_load)
"""

import struct
from pathlib import Path
from typing import BinaryIO

from alternator.errors import ModelError
from alternator.models.dimensions import Dimensions, expected_shapes
from alternator.models.forms.whole import check_dimensions
from probe.errors import reason_of

MAGIC = struct.pack("<i", 0x67676D6C)
NUMBERS = 11
MOST_TOKENS = 1_000_000
MOST_NAME, MOST_RANK = 256, 4
# By ggml's number of a type: how many numbers a block has, and its bytes.
# https://github.com/ggml-org/ggml/blob/master/include/ggml.h (enum ggml_type), src/ggml-common.h
BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
}


def is_ggml(path: Path) -> bool:
    """Whether a file begins as whisper.cpp's do. ModelError if it can't be read."""
    try:
        with path.open("rb") as file:
            return file.read(4) == MAGIC
    except OSError as error:
        raise ModelError(
            f"the Whisper model {path} can't be read: {reason_of(error)}; make it readable"
        ) from None


def check_whole(path: Path) -> None:
    """ModelError for a file that ends in the middle, or holds something else."""
    with path.open("rb") as file:
        try:
            dimensions = _head(file, path)
            found = _tensors(file, path.stat().st_size)
        except (struct.error, KeyError, ValueError):
            found, dimensions = 0, None
    wanted = 0 if dimensions is None else len(expected_shapes(dimensions))
    if not wanted or found != wanted:
        raise ModelError(
            f"{path} is no whole model of whisper.cpp ({found} of {wanted or 'its'} weights); copy "
            f"it again"
        )


def _head(file: BinaryIO, path: Path) -> Dimensions:
    file.seek(4)
    vocabulary, audio, state, heads, layers, text, text_state, text_heads, text_layers, mels, _ = (
        _numbers(file, NUMBERS)
    )
    dimensions = Dimensions(
        n_mels=mels,
        n_audio_ctx=audio,
        n_audio_state=state,
        n_audio_head=heads,
        n_audio_layer=layers,
        n_vocab=vocabulary,
        n_text_ctx=text,
        n_text_state=text_state,
        n_text_head=text_heads,
        n_text_layer=text_layers,
    )
    check_dimensions(dimensions, path)
    rows, columns = _numbers(file, 2)
    file.seek(4 * rows * columns, 1)
    (tokens,) = _numbers(file, 1)
    if not 0 < tokens < MOST_TOKENS:
        raise ValueError(tokens)
    for _ in range(tokens):
        (length,) = _numbers(file, 1)
        if not 0 <= length < MOST_NAME:
            raise ValueError(length)
        file.seek(length, 1)
    return dimensions


def _tensors(file: BinaryIO, size: int) -> int:
    """How many there are that are whole."""
    found = 0
    while file.tell() < size:
        rank, length, kind = _numbers(file, 3)
        if not 0 < rank <= MOST_RANK or not 0 < length < MOST_NAME:
            raise ValueError(rank)
        count = 1
        for dimension in _numbers(file, rank):
            count *= dimension
        numbers, bytes_each = BLOCKS[kind]
        file.seek(length + count // numbers * bytes_each, 1)
        found += file.tell() <= size
    return found


def _numbers(file: BinaryIO, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}i", file.read(4 * count))
