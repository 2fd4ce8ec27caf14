"""A directory of CTranslate2's, which is what faster-whisper's users have.

The file's layout: https://github.com/OpenNMT/CTranslate2/blob/v4.6.0/src/models/model.cc
(Model::load) and python/ctranslate2/specs/model_spec.py beside it (``_serialize``, ``_quantize``).
The variables' names: python/ctranslate2/specs/whisper_spec.py and transformer_spec.py.
"""

import mmap
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from alternator.errors import ModelError
from alternator.models.dimensions import HEAD_WIDTH, Dimensions, Shape, expected_shapes
from alternator.models.forms.facts import alignment_heads_in, facts_in
from alternator.models.forms.tokens import check_vocabulary
from alternator.models.forms.whole import check_dimensions, whole, with_vocabulary
from alternator.models.weights import Checkpoint, Weight

FORM = "CTranslate2 directory"
FILE = "model.bin"
SPEC = "WhisperSpec"
NEWEST_VERSION = 6
NEWEST_REVISION = 3
# DataType in include/ctranslate2/types.h; before version 4 the size of an item told the type.
TYPES = (
    torch.float32,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.float16,
    torch.bfloat16,
)
TYPE_BY_SIZE = {4: torch.float32, 2: torch.int16, 1: torch.int8}
QUANTIZED = (torch.int8, torch.int16)
# A quantised weight is computed anew: its error is far above that of half precision.
DEQUANTIZED = torch.float16
MOST_VARIABLES = 100_000
MOST_RANK = 8

# Of a layer: openai-whisper's name, CTranslate2's, and which part of how many rows it is.
ATTENTION = {
    "attn.query": ("self_attention/linear_0", 0, 3),
    "attn.key": ("self_attention/linear_0", 1, 3),
    "attn.value": ("self_attention/linear_0", 2, 3),
    "attn.out": ("self_attention/linear_1", 0, 1),
    "attn_ln": ("self_attention/layer_norm", 0, 1),
    "cross_attn.query": ("attention/linear_0", 0, 1),
    "cross_attn.key": ("attention/linear_1", 0, 2),
    "cross_attn.value": ("attention/linear_1", 1, 2),
    "cross_attn.out": ("attention/linear_2", 0, 1),
    "cross_attn_ln": ("attention/layer_norm", 0, 1),
    "mlp.0": ("ffn/linear_0", 0, 1),
    "mlp.2": ("ffn/linear_1", 0, 1),
    "mlp_ln": ("ffn/layer_norm", 0, 1),
}
OUTSIDE = {
    "encoder.positional_embedding": "encoder/position_encodings/encodings",
    "decoder.positional_embedding": "decoder/position_encodings/encodings",
    "decoder.token_embedding.weight": "decoder/embeddings/weight",
    "encoder.conv1.weight": "encoder/conv1/weight",
    "encoder.conv1.bias": "encoder/conv1/bias",
    "encoder.conv2.weight": "encoder/conv2/weight",
    "encoder.conv2.bias": "encoder/conv2/bias",
    "encoder.ln_post.weight": "encoder/layer_norm/gamma",
    "encoder.ln_post.bias": "encoder/layer_norm/beta",
    "decoder.ln.weight": "decoder/layer_norm/gamma",
    "decoder.ln.bias": "decoder/layer_norm/beta",
}


@dataclass(frozen=True, kw_only=True)
class Variable:
    """Where a variable lies in the file, ``offset`` in bytes."""

    shape: Shape
    dtype: torch.dtype
    offset: int

    def rows(self, part: int, parts: int) -> "Variable":
        """One of as many equal parts of its first dimension, or itself."""
        if parts == 1 or not self.shape or self.shape[0] % parts:
            return self
        shape = (self.shape[0] // parts, *self.shape[1:])
        skipped = part * bytes_of(shape, self.dtype)
        return Variable(shape=shape, dtype=self.dtype, offset=self.offset + skipped)


def read(directory: Path) -> Checkpoint:
    """The checkpoint in a directory with CTranslate2's ``model.bin``; ModelError if it is none."""
    path = directory / FILE
    variables, content = variables_of(path)
    dimensions = dimensions_of(path, variables, content)
    check_dimensions(dimensions, path)
    entries = {
        name: entry
        for name in expected_shapes(dimensions)
        if (entry := weight(name, variables, content)) is not None
    }
    found = Checkpoint(
        dimensions=dimensions,
        weights={},
        alignment_heads=alignment_heads_in(facts_in(directory / "config.json")),
        form=FORM,
    )
    return whole(
        *with_vocabulary(found, entries, check_vocabulary(directory, dimensions.n_vocab)),
        source=path,
        named=lambda name: place(name)[0],
    )


def weight(name: str, variables: Mapping[str, Variable], content: mmap.mmap) -> Weight | None:
    """The weight of that name in openai-whisper, None where it is not there."""
    variable_name, part, parts = place(name)
    variable = variables.get(variable_name)
    if variable is None:
        return None
    found = variable.rows(part, parts)
    if found.dtype not in QUANTIZED:
        return Weight(shape=found.shape, dtype=found.dtype, read=reader(content, found))
    scale = variables.get(f"{variable_name}_scale")
    if scale is None:
        return None
    # One scale for each row of int8, one for the whole of int16.
    scales = scale.rows(part, parts) if scale.shape else scale
    stored, divisors = reader(content, found), reader(content, scales)
    return Weight(
        shape=found.shape,
        dtype=DEQUANTIZED,
        read=lambda: dequantized(stored(), divisors()),
    )


def dequantized(stored: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Numbers of int8 or int16, which were multiplied by ``scale``, as they were before."""
    divisor = scale.float()
    if divisor.dim():
        divisor = divisor.reshape(-1, *[1] * (stored.dim() - 1))
    return (stored.float() / divisor).to(DEQUANTIZED)


def place(name: str) -> tuple[str, int, int]:
    """Where openai-whisper's weight is: the variable, and which of how many parts of its rows."""
    if name in OUTSIDE:
        return OUTSIDE[name], 0, 1
    side, _, layer, rest = name.split(".", 3)
    module, kind = rest.rsplit(".", 1)
    variable, part, parts = ATTENTION[module]
    if "layer_norm" in variable:
        kind = {"weight": "gamma", "bias": "beta"}[kind]
    return f"{side}/layer_{layer}/{variable}/{kind}", part, parts


def dimensions_of(path: Path, variables: Mapping[str, Variable], content: mmap.mmap) -> Dimensions:
    """The dimensions, as the variables' shapes have them. ModelError if these are not Whisper's."""
    if any("low_rank" in name for name in variables):
        raise ModelError(
            f"{path} is of a Whisper whose layers were split into thinner ones (low rank), which "
            f"has other weights; take the model that it was made from"
        )

    def shape(name: str, rank: int) -> Shape:
        found = variables.get(name)
        if found is None or len(found.shape) != rank:
            raise ModelError(f"{path} lacks the weights {name}, so it is no whole Whisper model")
        return found.shape

    audio, mels, _ = shape("encoder/conv1/weight", 3)
    vocabulary, text = shape("decoder/embeddings/weight", 2)

    def heads(side: str, state: int) -> int:
        found = variables.get(f"{side}/num_heads") or variables.get("encoder/num_heads")
        return int(reader(content, found)().item()) if found else state // HEAD_WIDTH

    return Dimensions(
        n_mels=mels,
        n_audio_ctx=shape("encoder/position_encodings/encodings", 2)[0],
        n_audio_state=audio,
        n_audio_head=heads("encoder", audio),
        n_audio_layer=layers(variables, "encoder"),
        n_vocab=vocabulary,
        n_text_ctx=shape("decoder/position_encodings/encodings", 2)[0],
        n_text_state=text,
        n_text_head=heads("decoder", text),
        n_text_layer=layers(variables, "decoder"),
    )


def layers(variables: Mapping[str, Variable], side: str) -> int:
    """How many layers the encoder or the decoder has."""
    prefix = f"{side}/layer_"
    numbers = {name.removeprefix(prefix).partition("/")[0] for name in variables if prefix in name}
    return max((int(number) + 1 for number in numbers if number.isdecimal()), default=0)


def reader(content: mmap.mmap, variable: Variable) -> Callable[[], torch.Tensor]:
    """Gives the variable's numbers: a view into the file, or a copy where it lies at an address
    that its type must not lie at."""

    def read_it() -> torch.Tensor:
        size = bytes_of(variable.shape, variable.dtype)
        if not size:
            return torch.empty(variable.shape, dtype=variable.dtype)
        raw = torch.frombuffer(content, dtype=torch.uint8, count=size, offset=variable.offset)
        aligned = raw if variable.offset % variable.dtype.itemsize == 0 else raw.clone()
        return aligned.view(variable.dtype).reshape(variable.shape)

    return read_it


def bytes_of(shape: Shape, dtype: torch.dtype) -> int:
    """The size of such a variable."""
    count = 1
    for dimension in shape:
        count *= dimension
    return count * dtype.itemsize


def variables_of(path: Path) -> tuple[dict[str, Variable], mmap.mmap]:
    """Every variable of a ``model.bin`` by its name, aliases too, and the file's content.

    ModelError if it is not CTranslate2's, not of Whisper, newer than known here, or not whole.
    """
    try:
        with path.open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError as error:
        raise ModelError(f"{path} can't be read: {error.strerror}; make it readable") from None
    except ValueError:
        raise ModelError(f"{path} is empty; copy the model again") from None
    try:
        return dict(Header(content).variables(path)), content
    except (struct.error, IndexError, UnicodeDecodeError):
        raise ModelError(
            f"{path} ends in the middle, or is no model of CTranslate2; copy it again"
        ) from None


class Header:
    """Goes through the file from one variable to the next, without touching what is in them."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._at = 0

    def variables(self, path: Path) -> Iterator[tuple[str, Variable]]:
        """Names and places; aliases last."""
        version = self._number("<I")
        if not 1 <= version <= 1000:
            raise ModelError(f"{path} is no model of CTranslate2")
        if version > NEWEST_VERSION:
            raise ModelError(newer(path, f"version {version}"))
        spec, revision = (self._text(), self._number("<I")) if version > 1 else (SPEC, 1)
        if spec != SPEC:
            raise ModelError(f"{path} is a model of CTranslate2, but {spec}, and not Whisper's")
        if revision > NEWEST_REVISION:
            raise ModelError(newer(path, f"revision {revision} of its layout"))
        found: dict[str, Variable] = {}
        for _ in range(self._count()):
            name = self._text()
            found[name] = self._variable(version)
        yield from found.items()
        for _ in range(self._count() if version > 2 else 0):
            alias, name = self._text(), self._text()
            for ending in ("", "_scale"):
                if name + ending in found:
                    yield alias + ending, found[name + ending]

    def _variable(self, version: int) -> Variable:
        rank = self._number("<B")
        if rank > MOST_RANK:
            raise IndexError(rank)
        shape = tuple(self._number("<I") for _ in range(rank))
        if version > 3:
            dtype, size = TYPES[self._number("<B")], self._number("<I")
        else:
            width = self._number("<B")
            dtype, size = TYPE_BY_SIZE.get(width, torch.int32), self._number("<I") * width
        variable = Variable(shape=shape, dtype=dtype, offset=self._at)
        self._at += size
        # Sizes are 32 bits wide in the file, so the largest tables are told by their shapes.
        if size != bytes_of(shape, dtype) & 0xFFFFFFFF or self._at > len(self._content):
            raise IndexError(self._at)
        return variable

    def _count(self) -> int:
        count = self._number("<I")
        if count > MOST_VARIABLES:
            raise IndexError(count)
        return count

    def _text(self) -> str:
        length = self._number("<H")
        raw = self._content[self._at : self._at + length]
        if len(raw) != length:
            raise IndexError(length)
        self._at += length
        return raw.rstrip(b"\0").decode("utf-8")

    def _number(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self._content, self._at)
        self._at += struct.calcsize(form)
        return int(value)


def newer(path: Path, what: str) -> str:
    """For a file of a CTranslate2 that came later."""
    return (
        f"{path} is of {what}, which this program does not know; update it, or convert the model "
        f"from Hugging Face's form"
    )
