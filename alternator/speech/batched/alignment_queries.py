"""What the alignment heads asked the sound, kept for each hypothesis and followed back at its end.

Their scores tell where in the sound a word is. Scores of all steps and hypotheses would be hundreds
of megabytes: kept are the queries, a twentieth of that, and multiplied are only those of the
hypothesis that is the result, while the keys of its window's sound are still there.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from alternator.speech.batched.decoder_network import DecoderNetwork


class AlignmentQueries:
    """The queries of a lane's alignment heads by layer, and from which rows hypotheses came."""

    def __init__(self, network: DecoderNetwork, windows: int, rows: int) -> None:
        like, dimensions = network.positions, network.dimensions
        self._network = network
        self._shape = (windows, dimensions.n_text_ctx, rows)
        self._device = like.device
        self._heads = {
            layer: torch.tensor(
                [head for at, head in network.alignment_heads if at == layer], device=self._device
            )
            for layer in sorted({layer for layer, _ in network.alignment_heads})
        }
        head = dimensions.n_text_state // dimensions.n_text_head
        flat = (windows * dimensions.n_text_ctx, rows)
        self._queries = {
            layer: torch.zeros((*flat, len(heads), head), dtype=like.dtype, device=self._device)
            for layer, heads in self._heads.items()
        }
        self._sources = torch.zeros(flat, dtype=torch.int64, device=self._device)

    def keep_prompt(self, layer: int, q: Tensor, places: Tensor) -> None:
        """What the tokens of new windows' prompts ask, (windows, heads, tokens, head).

        What was kept of the places' windows before is forgotten.
        """
        self._sources.view(self._shape)[places] = torch.arange(self._shape[2], device=self._device)
        if layer in self._queries:
            kept = self._queries[layer].view(*self._shape, -1, q.shape[-1])
            chosen = q.index_select(1, self._heads[layer])
            kept[places, : q.shape[2], 0] = chosen.transpose(1, 2)

    def keep(self, layer: int, q: Tensor, to: Tensor) -> None:
        """What a step asks, (windows, heads, rows, head); ``to``: place × context + position."""
        if layer in self._queries:
            chosen = q.index_select(1, self._heads[layer])
            self._queries[layer].index_copy_(0, to, chosen.transpose(1, 2))

    def move(self, source: int, target: int) -> None:
        """What was kept of one place's window belongs to another place."""
        for flat in (self._sources, *self._queries.values()):
            by_place = flat.view(self._shape[0], -1)
            by_place[target] = by_place[source]

    def reorder(self, source: Tensor, to: Tensor) -> None:
        """After position ``to`` the hypotheses go on from rows ``source``, (places, rows)."""
        self._sources.index_copy_(0, to, source)

    @torch.inference_mode()
    def scores(
        self, keys: Sequence[Tensor], *, place: int, row: int, span: tuple[int, int]
    ) -> Tensor:
        """Raw scores along the hypothesis that stood in ``row`` at the last position of ``span``.

        ``keys``: of the window's sound, by layer, (heads, positions, head). ``span``: positions of
        the text, the first one of which is still the prompt's. Float32 on the CPU, (alignment
        heads, length of the span, positions of sound).
        """
        start, end = span
        rows = self._path(place, row, start, end)
        scores: dict[tuple[int, int], Tensor] = {}
        for layer, queries in self._queries.items():
            kept = queries.view(*self._shape, *queries.shape[2:])[place, start:end]
            q = kept[torch.arange(end - start, device=self._device), rows]
            heads = self._heads[layer]
            found = _scores(q.transpose(0, 1), keys[layer][heads]).float().cpu()
            scores.update(zip([(layer, head) for head in heads.tolist()], found, strict=True))
        return torch.stack([scores[at] for at in self._network.alignment_heads])

    def _path(self, place: int, row: int, start: int, end: int) -> Tensor:
        """In which row the hypothesis stood at each position, by the sources of each reorder."""
        sources = self._sources.view(self._shape)[place, start:end].tolist()
        path = [row]
        for earlier in reversed(sources[:-1]):
            path.append(earlier[path[-1]])
        path[-1] = 0  # The prompt stands in the first slot, for all rows.
        return torch.tensor(path[::-1], device=self._device)


def _scores(q: Tensor, k: Tensor) -> Tensor:
    """As openai-whisper multiplies them: half of the scale on either side."""
    scale = q.shape[-1] ** -0.25
    return torch.matmul(q * scale, (k * scale).transpose(-1, -2))
