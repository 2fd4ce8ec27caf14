"""Writes a checkpoint in openai-whisper's form, holding one tensor in memory at a time.

``torch.save`` needs all tensors at once, which for large-v3 out of int8 are 3 GB beside the cache
of the file they come from. The form is that of ``torch.save``: a zip archive, nothing in it
compressed, with ``data.pkl`` (a pickle in which each storage is a reference) and one entry for each
storage, at addresses that can be mapped.
https://github.com/pytorch/pytorch/blob/v2.13.0/torch/serialization.py (_save, _load) and
https://github.com/pytorch/pytorch/blob/v2.13.0/caffe2/serialize/inline_container.cc (padding).
"""

import io
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch._utils import _rebuild_tensor_v2

from alternator.models.weights import Checkpoint, Weight, Weights, here
from alternator.progress import Progress

ALIGNMENT = 64  # bytes, as torch.save lays storages
PADDING = struct.Struct("<HH")  # head of an extra field of the zip archive: id and length
PADDING_ID = 0x4246  # "FB", as torch.save calls it
LOCAL_HEADER = 30  # bytes, without name and extra fields
ZIP64_FIELD = 20  # bytes that the head of an entry beyond 2 GiB has more
FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # the same checkpoint, the same bytes
STORAGES = {
    torch.float16: torch.HalfStorage,
    torch.bfloat16: torch.BFloat16Storage,
    torch.float32: torch.FloatStorage,
    torch.float64: torch.DoubleStorage,
}
PIECE = 16 * 1024 * 1024  # bytes


def write_checkpoint(checkpoint: Checkpoint, path: Path, progress: Progress) -> None:
    """Write the file; OSError where the disk does not take it.

    ``progress`` hears of every piece, in bytes; what it raises leaves a part of a file.
    """
    entries = entries_of(checkpoint)
    total = size_of(checkpoint)
    done = 0
    with path.open("wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        top = path.stem
        add(archive, f"{top}/data.pkl", pickled(checkpoint, entries))
        add(archive, f"{top}/byteorder", sys.byteorder.encode())
        for number, name in enumerate(entries):
            entry = entries[name]
            info = laid_out(archive, f"{top}/data/{number}", entry.bytes)
            with archive.open(info, "w") as target:
                for piece in pieces(entry):
                    target.write(piece)
                    done += len(piece)
                    progress.beat()
                    progress.advanced(done, total)
        add(archive, f"{top}/version", b"3\n")


def size_of(checkpoint: Checkpoint) -> int:
    """How many bytes its weights take."""
    return sum(entry.bytes for entry in entries_of(checkpoint).values())


def entries_of(checkpoint: Checkpoint) -> dict[str, Weight]:
    """Its weights, read or not."""
    weights = checkpoint.weights
    if isinstance(weights, Weights):
        return dict(weights.entries)
    return {name: here(tensor) for name, tensor in weights.items()}


def pieces(entry: Weight) -> list[memoryview]:
    """A tensor's bytes, in pieces."""
    raw: NDArray[np.uint8] = entry.read().contiguous().reshape(-1).view(torch.uint8).numpy()
    whole = memoryview(raw.data)
    return [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]


def laid_out(archive: zipfile.ZipFile, name: str, size: int) -> zipfile.ZipInfo:
    """The head of an entry whose content begins at a multiple of ALIGNMENT."""
    info = zipfile.ZipInfo(name, FIRST_DATE)
    info.file_size = size
    assert archive.fp is not None
    start = archive.fp.tell() + LOCAL_HEADER + len(name.encode()) + PADDING.size
    if size * 1.05 > zipfile.ZIP64_LIMIT:  # as ZipFile.open has it
        start += ZIP64_FIELD
    padding = -start % ALIGNMENT
    info.extra = PADDING.pack(PADDING_ID, padding) + b"Z" * padding
    return info


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """A whole entry."""
    with archive.open(laid_out(archive, name, len(content)), "w") as target:
        target.write(content)


def pickled(checkpoint: Checkpoint, entries: Mapping[str, Weight]) -> bytes:
    """``data.pkl``: what openai-whisper reads, and the alignment heads, which it passes over."""
    content: dict[str, object] = {
        "dims": dict(vars(checkpoint.dimensions)),
        "model_state_dict": {
            name: Reference(number, entry) for number, (name, entry) in enumerate(entries.items())
        },
    }
    if checkpoint.alignment_heads is not None:
        content["alignment_heads"] = [list(head) for head in checkpoint.alignment_heads]
    buffer = io.BytesIO()
    References(buffer).dump(content)
    return buffer.getvalue()


class Reference:
    """Stands for a tensor in the pickle; ``number`` is the entry that holds its storage."""

    def __init__(self, number: int, entry: Weight) -> None:
        self.storage = Storage(number, entry)
        self.entry = entry


class Storage:
    """Stands for the storage itself."""

    def __init__(self, number: int, entry: Weight) -> None:
        count = entry.bytes // entry.dtype.itemsize
        self.place = ("storage", STORAGES[entry.dtype], str(number), "cpu", count)


class References(pickle.Pickler):
    """Pickles references as torch.save pickles tensors."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=2)

    def persistent_id(self, found: object) -> object:
        """A storage is named, not pickled."""
        return found.place if isinstance(found, Storage) else None

    def reducer_override(self, found: object) -> Any:
        """A tensor is made anew from its storage."""
        if not isinstance(found, Reference):
            return NotImplemented
        shape = found.entry.shape
        stride = torch.empty(shape, device="meta").stride()
        hooks: OrderedDict[str, object] = OrderedDict()
        return _rebuild_tensor_v2, (found.storage, 0, shape, stride, False, hooks)
