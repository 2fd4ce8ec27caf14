"""The layers of Whisper's decoder: their weights, and what is the same for a prompt and a step.

https://github.com/openai/whisper/blob/v20250625/whisper/model.py (ResidualAttentionBlock)
"""

from torch import Tensor

from alternator.speech.batched.weights import Weights


class DecoderLayer:
    """Self-attention, cross-attention over the sound, linear layers; each added to its input."""

    def __init__(self, weights: Weights, name: str, heads: int) -> None:
        own, cross = f"{name}.attn", f"{name}.cross_attn"
        self.heads = heads
        self._norm = weights.norm(f"{name}.attn_ln")
        self._qkv = weights.few_rows(
            *(f"{own}.{part}" for part in ("query", "key", "value")), after=f"{name}.attn_ln"
        )
        self._out = weights.few_rows(f"{own}.out")
        self._cross_norm = weights.norm(f"{name}.cross_attn_ln")
        self._cross_query = weights.few_rows(f"{cross}.query", after=f"{name}.cross_attn_ln")
        self._cross_key_value = weights.many_rows(f"{cross}.key", f"{cross}.value")
        self._cross_out = weights.few_rows(f"{cross}.out")
        self._mlp_norm = weights.norm(f"{name}.mlp_ln")
        self._mlp_in = weights.few_rows(f"{name}.mlp.0", after=f"{name}.mlp_ln", gelu=True)
        self._mlp_out = weights.after_gelu(f"{name}.mlp.2", many=False)

    def qkv(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value of the tokens: three of (windows, heads, tokens, head)."""
        n, tokens, _ = x.shape
        product = self._qkv(self._norm(x)).view(n, tokens, 3, self.heads, -1)
        q, k, v = product.permute(2, 0, 3, 1, 4)
        return q, k, v

    def cross_query(self, x: Tensor) -> Tensor:
        """What the tokens ask the sound: (windows, heads, tokens, head)."""
        n, tokens, _ = x.shape
        return (
            self._cross_query(self._cross_norm(x)).view(n, tokens, self.heads, -1).transpose(1, 2)
        )

    def cross_key_value(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the sound: two of (windows, heads, positions, head)."""
        n, positions, _ = audio.shape
        product = self._cross_key_value(audio).view(n, positions, 2, self.heads, -1)
        k, v = product.permute(2, 0, 3, 1, 4)
        return k, v

    def add_own(self, x: Tensor, seen: Tensor) -> Tensor:
        """``x`` with what the self-attention found, (windows, heads, tokens, head), added to it."""
        x += self._out(_joined(seen))
        return x

    def add_cross(self, x: Tensor, heard: Tensor) -> Tensor:
        """``x`` with what the cross-attention found added in place, and then the linear layers'."""
        x += self._cross_out(_joined(heard))
        x += self._mlp_out(self._mlp_in(self._mlp_norm(x)))
        return x


def _joined(heads: Tensor) -> Tensor:
    """(windows, heads, tokens, head) → (windows, tokens, state)."""
    return heads.transpose(1, 2).flatten(2)
