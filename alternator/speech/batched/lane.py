# size: all that is written to one lane's buffers stands together
"""What is remembered while windows are decoded side by side: a lane of places, each for a window.

A place has ``rows`` hypotheses. All buffers are allocated once and written in place. Places have
positions of their own, so windows of any age are computed together.

How hypotheses share what they know, without a copy: each position of a place has a slot for each
row's key and value, written once. Hypotheses are further queries over all slots of their place, and
``seen`` says which slots each one descends from. When a search goes on from other rows, ``seen``
alone is gathered: a few numbers a position in place of all keys and values. Keys and values of the
sound belong to the place and are the same for all its hypotheses.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from alternator.errors import ModelError
from alternator.speech.batched.alignment_queries import AlignmentQueries
from alternator.speech.batched.attention import attend
from alternator.speech.batched.decoder_network import DecoderNetwork
from alternator.speech.batched.places import Places
from alternator.speech.batched.silence import Sound
from alternator.speech.batched.sound_cache import sound_caches
from alternator.speech.batched.zeros import zeros


class Lane:
    """Places for ``windows`` windows of ``rows`` hypotheses each.

    Searches call: ``admit`` for a window, then ``step`` with a token for each hypothesis, and
    ``reorder`` between steps where a beam goes on from other rows. All of it in
    ``torch.inference_mode()``. Positions and tokens are tensors of the device: a step asks the
    device nothing.
    """

    def __init__(
        self,
        network: DecoderNetwork,
        *,
        windows: int,
        rows: int,
        attention: bool,
        audio_positions: int | None = None,
    ) -> None:
        dimensions, new = network.dimensions, network.positions
        self.windows, self.rows = windows, rows
        self.length = dimensions.n_text_ctx
        self.audio_positions = audio_positions or dimensions.n_audio_ctx
        self._network = network
        self._device = new.device
        heads = dimensions.n_text_head
        head = dimensions.n_text_state // heads
        own = (windows, heads, self.length, rows, head)
        self._own = [(zeros(own, new), zeros(own, new)) for _ in network.layers]
        self._cross = sound_caches(network, windows, self.audio_positions)
        # 0 where a hypothesis descends from the slot, else minus infinity: added to the scores.
        self._seen = new.new_full((windows, rows, self.length, rows), -torch.inf)
        self._seen[:, :, 0, 0] = 0
        # None until a window of less sound than the lane's comes.
        self._heard: Tensor | None = None
        self._positions = torch.zeros(windows, dtype=torch.int64, device=self._device)
        self._places = Places(self.length)
        self._make_indexes(heads)
        self._asked = AlignmentQueries(network, windows, rows) if attention else None

    def _make_indexes(self, heads: int) -> None:
        """Where the rows of the first position of each place begin, in the flattened buffers."""
        places = torch.arange(self.windows, device=self._device)
        rows = torch.arange(self.rows, device=self._device)
        by_head = torch.arange(self.windows * heads, device=self._device)
        self._first_of_head = (by_head * self.length).view(self.windows, heads)
        self._first_of_place = places * self.length
        first = (places[:, None] * self.rows + rows) * self.length
        self._first_seen = first * self.rows + rows

    @torch.inference_mode()
    def admit(
        self, places: Sequence[int], sounds: Sequence[Sound], tokens: Sequence[Sequence[int]]
    ) -> Tensor:
        """Put new windows into places, whatever was there before.

        ``sounds``: what the encoder gave, at most the lane's positions; on a GPU of one length.
        ``tokens``: the start of each window, all of one length. Gives the hidden states of those
        tokens, (windows, tokens, state), the input of ``logits``; the next step takes the tokens
        that are chosen from the last one. ModelError if the tokens do not fit into the context.
        """
        prompt = torch.tensor(tokens, device=self._device)
        length = prompt.shape[1]
        if length >= self.length:
            raise ModelError(
                f"a start of {length} tokens leaves no room in the model's {self.length}; "
                f"shorten the prompt"
            )
        at = torch.tensor(places, device=self._device)
        x = self._network.embedded(prompt, torch.arange(length, device=self._device))
        batches = self._batches(sounds)
        for number, layer in enumerate(self._network.layers):
            q, k, v = layer.qkv(x)
            for cache, new in zip(self._own[number], (k, v), strict=True):
                cache[at, :, :length, 0] = new
            x = layer.add_own(x, functional.scaled_dot_product_attention(q, k, v, is_causal=True))
            q = layer.cross_query(x)
            if self._asked:
                self._asked.keep_prompt(number, q, at)
            x = layer.add_cross(x, self._listen(number, q, batches, places))
        self._seen[at] = -torch.inf
        self._seen[at, :, :length, 0] = 0
        self._positions[at] = length
        self._note(places, length, sounds)
        return self._network.norm(x)

    def _batches(self, sounds: Sequence[Sound]) -> list[tuple[Tensor, Tensor | None]]:
        """The states of new windows' sound, (windows, positions, state), and what is added to the
        scores over it.

        On a CPU one by one: what is in its caches is used at once, and in int8 the scale of a
        window's sound is its own.
        """
        if self._device.type != "cpu":
            return [(torch.stack([sound.states for sound in sounds]), None)]
        return [
            (
                sound.states[None],
                None if sound.weights is None else sound.weights[None, None, None],
            )
            for sound in sounds
        ]

    def _listen(
        self,
        number: int,
        q: Tensor,
        batches: list[tuple[Tensor, Tensor | None]],
        places: Sequence[int],
    ) -> Tensor:
        """Keep the keys and values of new windows' sound, and answer their prompts by them."""
        heard = []
        first = 0
        for audio, bias in batches:
            some = slice(first, first + len(audio))
            first = some.stop
            k, v = self._network.layers[number].cross_key_value(audio)
            self._cross[number].put(places[some], k, v)
            heard.append(functional.scaled_dot_product_attention(q[some], k, v, attn_mask=bias))
        return torch.cat(heard)

    def _note(self, places: Sequence[int], length: int, sounds: Sequence[Sound]) -> None:
        for place, sound in zip(places, sounds, strict=True):
            whole = sound.places == self.audio_positions and sound.weights is None
            self._places.admit(place, prompt=length, sound=sound.places, whole=whole)
            if self._heard is None and not whole:
                self._heard = self._seen.new_zeros(self.windows, 1, 1, self.audio_positions)
            if self._heard is not None:
                self._heard[place] = -torch.inf
                weights = 0.0 if sound.weights is None else sound.weights
                self._heard[place, ..., : sound.places] = weights

    @property
    def uneven(self) -> bool:
        """Whether places have had different amounts of sound: steps do other operations then."""
        return self._heard is not None

    def release(self, place: int) -> None:
        """Nobody wants this place's window any more: its age does not make steps longer.

        It is computed on until another is admitted, or steps leave it out.
        """
        self._places.release(place)

    @torch.inference_mode()
    def move(self, source: int, target: int) -> None:
        """The window of place ``source`` goes on in ``target``: ``step`` takes the first places."""
        length = self._places.position(source) if self._device.type == "cpu" else self.length
        sound = self._places.sound(source)
        for keys_and_values in self._own:
            for cache in keys_and_values:
                cache[target, :, :length] = cache[source, :, :length]
        for sounds in self._cross:
            sounds.move(source, target, sound)
        for state in (self._seen, self._heard, self._positions):
            if state is not None:
                state[target] = state[source]
        if self._asked:
            self._asked.move(source, target)
        self._places.move(source, target)

    @torch.inference_mode()
    def step(self, tokens: Tensor) -> Tensor:
        """The logits after one more token for each hypothesis, float32, (places, rows, vocabulary).

        ``tokens``, int64, (places, rows): those of all places, or of the first few where the rest
        is empty. A place that is full stays at its last position.
        """
        n = len(tokens)
        position = self._positions[:n]
        x = self._network.embedded(tokens, position[:, None])
        self._seen.view(-1).index_fill_(
            0, (self._first_seen[:n] + (position * self.rows)[:, None]).flatten(), 0.0
        )
        length, sound = self._reach(n)
        seen = self._seen[:n, None, :, :length].flatten(3)
        heard = self._heard_bias(n, sound)
        to_head = (self._first_of_head[:n] + position[:, None]).flatten()
        to_place = self._first_of_place[:n] + position
        for number, layer in enumerate(self._network.layers):
            q, k, v = layer.qkv(x)
            k, v = (
                self._put(cache, new, to_head)[:n, :, :length].flatten(2, 3)
                for cache, new in zip(self._own[number], (k, v), strict=True)
            )
            x = layer.add_own(x, attend(q, k, v, seen))
            q = layer.cross_query(x)
            if self._asked:
                self._asked.keep(number, q, to_place)
            x = layer.add_cross(x, self._cross[number].listen(q, sound, heard))
        position.add_(1).clamp_(max=self.length - 1)
        self._places.grow(n)
        return self._network.logits(self._network.norm(x))

    @staticmethod
    def _put(cache: Tensor, new: Tensor, to_head: Tensor) -> Tensor:
        """The cache with the keys or values of one more position of each place and head."""
        cache.view(-1, cache.shape[3] * cache.shape[4]).index_copy_(
            0, to_head, new.reshape(len(to_head), -1)
        )
        return cache

    def _reach(self, n: int) -> tuple[int, int]:
        """How many positions, of text and of sound, a step of the first ``n`` places looks at."""
        if self._device.type != "cpu":
            # A recorded step has one shape.
            return self.length, self.audio_positions
        return self._places.reach(n), self._places.most_sound(n)

    def _heard_bias(self, n: int, sound: int) -> Tensor | None:
        if self._heard is None or (self._device.type == "cpu" and self._places.all_whole(n)):
            return None
        return self._heard[:n, ..., :sound]

    @torch.inference_mode()
    def reorder(self, source: Tensor) -> None:
        """The hypotheses go on from other rows: row r of a place from row ``source[place, r]``.

        ``source``, int64, (places, rows), of as many places as the last step had.
        """
        n = len(source)
        length, _ = self._reach(n)
        seen = self._seen[:n, :, :length]
        seen.copy_(seen.gather(1, source[:, :, None, None].expand_as(seen)))
        if self._asked:
            self._asked.reorder(source, self._first_of_place[:n] + self._positions[:n] - 1)

    def attention(self, place: int, row: int, end: int, first: int | None = None) -> Tensor:
        """The alignment heads' raw scores over the sound, along one hypothesis.

        From the prompt's last token, or its token ``first``, to the token at position ``end - 1``,
        which stood in ``row``. Float32 on the CPU, shape (heads, steps, positions of sound), heads
        in the order of ``network.alignment_heads``.
        """
        if self._asked is None:
            raise ValueError("the lane was made without attention")
        keys = [cache.keys(place, self._places.sound(place)) for cache in self._cross]
        start = self._places.prompt(place) - 1 if first is None else first
        return self._asked.scores(keys, place=place, row=row, span=(start, end))
