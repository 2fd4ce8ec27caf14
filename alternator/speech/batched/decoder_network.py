"""Whisper's decoder: embeddings, layers, and the product over the vocabulary."""

from torch import Tensor
from torch.nn import functional

from alternator.models.checkpoint import Dimensions
from alternator.speech.batched.decoder_layers import DecoderLayer
from alternator.speech.batched.weights import Weights


class DecoderNetwork:
    """The decoder's weights. It remembers nothing: a lane does.

    ``alignment_heads`` are (layer, head) whose attention follows the sound. ``int8``: linear layers
    have int8 weights.
    """

    def __init__(
        self,
        weights: Weights,
        dimensions: Dimensions,
        alignment_heads: tuple[tuple[int, int], ...],
    ) -> None:
        self.dimensions = dimensions
        self.alignment_heads = alignment_heads
        self.int8 = weights.int8
        self._tokens, self._vocabulary = weights.embedding()
        self.positions = weights.tensor("decoder.positional_embedding")
        self.layers = [
            DecoderLayer(weights, f"decoder.blocks.{number}", dimensions.n_text_head)
            for number in range(dimensions.n_text_layer)
        ]
        self.norm = weights.norm("decoder.ln")

    def embedded(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """Tokens (windows, n) at positions that broadcast to them → (windows, n, state)."""
        x = functional.embedding(tokens, self._tokens).to(self.positions.dtype)
        x += functional.embedding(positions, self.positions)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """(…, state) → (…, vocabulary), float32."""
        return self._vocabulary(hidden).float()


def default_alignment_heads(dimensions: Dimensions) -> tuple[tuple[int, int], ...]:
    """All heads of the upper half of the layers, as openai-whisper has them by default."""
    return tuple(
        (layer, head)
        for layer in range(dimensions.n_text_layer // 2, dimensions.n_text_layer)
        for head in range(dimensions.n_text_head)
    )
