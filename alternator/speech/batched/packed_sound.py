"""Keys and values of the sound in int8, a layer's of all windows of a lane, for our own kernels.

A step reads the keys and values of all sound and waits for memory: this is a quarter of it. With
tiny's dimensions and five windows on two threads a step took 5.8 ms so, 9.1 with float32. Each
number of a head has a scale and an offset of its own in each window. With real base weights and
speech a layer then hears what is 0.2 to 0.4 % different by its keys, 0.4 to 0.6 by its values.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from alternator.speech.batched.kernels import Kernels, SoundFields
from alternator.speech.batched.zeros import zeros

TILE = 64  # positions that stand together, and the size of Whisper's heads


class PackedSound:
    """A cache of keys and values for ``windows`` windows of up to ``positions`` positions."""

    def __init__(self, kernels: Kernels, *, windows: int, heads: int, positions: int) -> None:
        self._kernels = kernels
        byte, number = torch.empty(0, dtype=torch.int8), torch.empty(0)
        tiles = (windows, heads, -(-positions // TILE), TILE, TILE)
        # As kernel_listen.c has them: a tile of keys is (numbers, positions), one of values the
        # other way round.
        self._keys, self._values = zeros(tiles, byte), zeros(tiles, byte)
        # Of keys and values: the scale and the offset of each number.
        self._ranges = zeros((windows, 4, heads, TILE), number)
        self._positions = torch.zeros(windows, dtype=torch.int64)
        self._fields = SoundFields(
            keys=self._keys.data_ptr(),
            values=self._values.data_ptr(),
            ranges=self._ranges.data_ptr(),
            positions=self._positions.data_ptr(),
            heads=heads,
            tiles=tiles[2],
        )

    @staticmethod
    def can(head: int) -> bool:
        """Whether heads of that size fit."""
        return head == TILE

    def put(self, places: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """The keys and values of new windows: (windows, heads, positions, head), float32.

        ValueError where there is no room for them: the kernel would write past the end.
        """
        windows, heads, tiles = self._keys.shape[:3]
        given = (keys.shape[1], keys.shape[3], values.shape)
        fits = given == (heads, TILE, keys.shape) and 0 < keys.shape[2] <= tiles * TILE
        if not fits or not all(0 <= place < windows for place in places):
            raise ValueError(f"no room for keys {tuple(keys.shape)} in places {list(places)}")
        for place, *both in zip(places, keys, values, strict=True):
            dense = [_numbers_dense(one) for one in both]
            if dense[0].stride() != dense[1].stride():
                dense = [one.contiguous() for one in dense]
            self._kernels.keep(self._fields, place, *dense)

    def listen(self, q: Tensor, sound: int, bias: Tensor | None) -> Tensor:
        """What the queries of the first windows hear, (windows, heads, queries, head).

        ``sound``, the most positions that one of them has, says nothing new: each has its own.
        ``bias`` is added to the scores: (windows, 1, 1, positions).
        """
        by_row = q.transpose(1, 2).contiguous()
        return self._kernels.listen(self._fields, by_row, bias).transpose(1, 2)

    def move(self, source: int, target: int, sound: int) -> None:
        """One place's window, of ``sound`` positions, goes on in another place."""
        used = -(-sound // TILE)
        for cache in (self._keys, self._values):
            cache[target, :, :used] = cache[source, :, :used]
        for state in (self._ranges, self._positions):
            state[target] = state[source]

    def keys(self, place: int, sound: int) -> Tensor:
        """The keys of a place's window of ``sound`` positions: (heads, positions, head)."""
        scales, offsets = self._ranges[place, :2, :, None, :]
        by_position = self._keys[place].transpose(2, 3).flatten(1, 2)
        found: Tensor = by_position[:, :sound] * scales + offsets
        return found


def _numbers_dense(one: Tensor) -> Tensor:
    """(heads, positions, head) → (positions, heads, head), heads side by side."""
    by_position = one.transpose(0, 1)
    _, heads, head = by_position.shape
    if by_position.stride()[1:] == (head, 1) and heads:
        return by_position
    return by_position.contiguous()
