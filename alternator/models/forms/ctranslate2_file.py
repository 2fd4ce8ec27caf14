"""The file ``model.bin`` of CTranslate2: variables by name, each with its shape, type and place.

https://github.com/OpenNMT/CTranslate2/blob/v4.6.0/src/models/model.cc (Model::load) and
python/ctranslate2/specs/model_spec.py beside it (``_serialize``).
"""

import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from alternator.errors import ModelError
from alternator.models.dimensions import Shape

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
MOST_VARIABLES = 100_000
MOST_RANK = 8


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
