"""Reads the weights of Silero VAD out of its package: out of the ONNX file for 16 kHz.

The package's safetensors file would be handier, but holds other weights than all its other models,
which say up to 0.75 more or less (6.2.3; https://github.com/snakers4/silero-vad/issues/768), and
torch calls the loader of its TorchScript file deprecated. An ONNX file is one protobuf message; of
it only the list of weights is needed, for which three kinds of field are enough.
https://protobuf.dev/programming-guides/encoding/
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto

The package itself is not imported: that sets torch to one thread.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alternator.errors import ConfigError

FILE = "silero_vad/data/silero_vad_16k_sequence.onnx"
MISSING = (
    "the weights of Silero VAD are missing, which finds the speech in a recording; "
    "install the package silero-vad 6.2.3 or newer, or set vad to false"
)

# Numbers of fields in onnx.proto.
MODEL_GRAPH, GRAPH_INITIALIZER = 7, 5
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_RAW = 1, 2, 8, 9
FLOAT32 = 1
# Kinds of field ("wire types").
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Weights = Mapping[str, npt.NDArray[np.float32]]


def silero_weights() -> Weights:
    """The weights by the names that the file gives them, little-endian float32, read-only.

    ConfigError where the package is missing or holds something else.
    """
    try:
        file = Path(str(distribution("silero-vad").locate_file(FILE)))
        return read_onnx(file.read_bytes())
    except (PackageNotFoundError, OSError) as error:
        raise ConfigError(MISSING) from error
    except (ValueError, IndexError) as error:
        raise ConfigError(f"{file} is damaged: install the package silero-vad again") from error


def read_onnx(content: bytes) -> Weights:
    """The float32 weights of an ONNX model. ValueError or IndexError where it is none."""
    found: dict[str, npt.NDArray[np.float32]] = {}
    for number, graph in fields(memoryview(content)):
        if number == MODEL_GRAPH and isinstance(graph, memoryview):
            for part, tensor in fields(graph):
                if part == GRAPH_INITIALIZER and isinstance(tensor, memoryview):
                    name, values = read_tensor(tensor)
                    found[name] = values
    if not found:
        raise ValueError("no weights in it")
    return found


def read_tensor(message: memoryview) -> tuple[str, npt.NDArray[np.float32]]:
    """A TensorProto's name and values."""
    shape: list[int] = []
    name, raw, kind = "", memoryview(b""), 0
    for number, value in fields(message):
        if isinstance(value, int):
            if number == TENSOR_DIMS:
                shape.append(value)
            elif number == TENSOR_TYPE:
                kind = value
        elif number == TENSOR_NAME:
            name = bytes(value).decode()
        elif number == TENSOR_RAW:
            raw = value
    if kind != FLOAT32:
        raise ValueError(f"{name} is no float32")
    return name, np.frombuffer(raw, dtype="<f4").reshape(shape)


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field of a protobuf message."""
    at = 0
    while at < len(message):
        key, at = varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(message, at)
            yield number, value
            continue
        if kind == BYTES:
            size, at = varint(message, at)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"there is no kind of field {kind}")
        if at + size > len(message):
            raise ValueError("it is cut off")
        yield number, message[at : at + size]
        at += size


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """A whole number, seven bits a byte, the lowest first; and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
