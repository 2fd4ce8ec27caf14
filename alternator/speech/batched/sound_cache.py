"""Where a lane keeps the keys and values of its windows' sound, layer by layer."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from alternator.speech.batched.attention import listen
from alternator.speech.batched.decoder_network import DecoderNetwork
from alternator.speech.batched.kernels import our_kernels
from alternator.speech.batched.packed_sound import PackedSound
from alternator.speech.batched.zeros import zeros


class SoundCache(Protocol):
    """One layer's keys and values of the sound in all places."""

    def put(self, places: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """Those of new windows: (windows, heads, positions, head)."""

    def listen(self, q: Tensor, sound: int, bias: Tensor | None) -> Tensor:
        """What the queries of the first windows hear, (windows, heads, queries, head).

        ``sound``: the most positions that one of them has. ``bias`` is added to the scores:
        (windows, 1, 1, positions).
        """

    def move(self, source: int, target: int, sound: int) -> None:
        """One place's window, of ``sound`` positions, goes on in another place."""

    def keys(self, place: int, sound: int) -> Tensor:
        """The keys of a place's window of ``sound`` positions: (heads, positions, head)."""


class PlainSound:
    """Keys and values as they came."""

    def __init__(self, shape: tuple[int, int, int, int], like: Tensor) -> None:
        """``shape``: (windows, heads, positions, head), in the type and on the device of ``like``.

        On a CPU the positions of a number stand side by side, as the products read them. A step
        reads the keys and values of all sound and waits for memory. Of 5 windows and 8 heads one
        layer's keys took 0.39 ms so and 0.71 the other way round (1500 positions), its values 0.31
        and 0.51 (1280).
        """
        windows, heads, positions, head = shape
        self._both: list[Tensor] = []
        for _ in range(2):
            if like.device.type == "cpu":
                new = zeros((windows, heads, head, positions), like).transpose(2, 3)
            else:
                new = zeros(shape, like)
            self._both.append(new)

    def put(self, places: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """As SoundCache's."""
        # One window goes into its place by a plain copy.
        at = places[0] if len(places) == 1 else torch.tensor(places, device=keys.device)
        for cache, new in zip(self._both, (keys, values), strict=True):
            cache[at, :, : new.shape[2]] = new.squeeze(0)

    def listen(self, q: Tensor, sound: int, bias: Tensor | None) -> Tensor:
        """As SoundCache's."""
        k, v = (cache[: len(q), :, :sound] for cache in self._both)
        return listen(q, k, v, bias)

    def move(self, source: int, target: int, sound: int) -> None:
        """As SoundCache's."""
        for cache in self._both:
            cache[target, :, :sound] = cache[source, :, :sound]

    def keys(self, place: int, sound: int) -> Tensor:
        """As SoundCache's."""
        return self._both[0][place, :, :sound]


def sound_caches(network: DecoderNetwork, windows: int, positions: int) -> list[SoundCache]:
    """One for each layer: in int8 where the network is and our kernels are there."""
    heads, like = network.dimensions.n_text_head, network.positions
    head = network.dimensions.n_text_state // heads
    layers = range(len(network.layers))
    kernels = our_kernels() if network.int8 else None
    if kernels is None or not PackedSound.can(head):
        return [PlainSound((windows, heads, positions, head), like) for _ in layers]
    return [PackedSound(kernels, windows=windows, heads=heads, positions=positions) for _ in layers]
