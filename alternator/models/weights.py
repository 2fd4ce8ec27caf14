"""What reading a checkpoint gives: dimensions, and weights that stay in their file until used."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch

from alternator.models.dimensions import Dimensions, Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Weight:
    """One tensor that is read when it is asked for. ``read`` gives it on the CPU."""

    shape: Shape
    dtype: torch.dtype
    read: Callable[[], torch.Tensor]

    @property
    def bytes(self) -> int:
        """Its size in memory."""
        return math.prod(self.shape) * self.dtype.itemsize


class Weights(Mapping[str, torch.Tensor]):
    """Tensors by name, each read anew whenever it is asked for.

    So whoever takes them one after the other holds one at a time, where a tensor has to be computed
    (quantised ones); all others are views into the file. ``entries`` tells shapes and types without
    reading.
    """

    def __init__(self, entries: Mapping[str, Weight]) -> None:
        self.entries = entries

    def __getitem__(self, name: str) -> torch.Tensor:
        return self.entries[name].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, name: object) -> bool:
        return name in self.entries  # Mapping's own would read the tensor

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
    """A network's dimensions and weights, on the CPU in the precision of the file.

    ``weights`` go by openai-whisper's names. ``alignment_heads`` are (layer, head) of the decoder
    whose attention follows the sound; None: unknown, then those of the upper half of its layers.
    ``form`` is what kind of file it came from; ``notes`` say what was passed over in it.
    """

    dimensions: Dimensions
    weights: Mapping[str, torch.Tensor]
    alignment_heads: tuple[tuple[int, int], ...] | None = None
    form: str = "openai-whisper checkpoint"
    notes: tuple[str, ...] = ()


def here(tensor: torch.Tensor) -> Weight:
    """A tensor that is there already, or is a view into a file."""
    return Weight(shape=tuple(tensor.shape), dtype=tensor.dtype, read=lambda: tensor)
