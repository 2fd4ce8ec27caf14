"""Whisper's encoder: log-Mel spectrograms → what the decoder listens to.

https://github.com/openai/whisper/blob/v20250625/whisper/model.py (AudioEncoder)
"""

import torch
from torch import Tensor
from torch.nn import functional

from alternator.models.checkpoint import Dimensions
from alternator.speech.batched.weights import Norm, Weights


class EncoderLayer:
    """Self-attention over all positions, then two linear layers; each added to its input."""

    def __init__(self, weights: Weights, name: str, heads: int) -> None:
        attention = f"{name}.attn"
        self._heads = heads
        self._attention_norm = weights.norm(f"{name}.attn_ln")
        self._qkv = weights.many_rows(
            *(f"{attention}.{part}" for part in ("query", "key", "value")), after=f"{name}.attn_ln"
        )
        self._out = weights.many_rows(f"{attention}.out")
        self._mlp_norm = weights.norm(f"{name}.mlp_ln")
        self._mlp_in = weights.many_rows(f"{name}.mlp.0", after=f"{name}.mlp_ln", gelu=True)
        self._mlp_out = weights.after_gelu(f"{name}.mlp.2", many=True)

    def __call__(self, x: Tensor) -> Tensor:
        """(windows, positions, state) → the same shape. ``x`` is written over."""
        n, positions, state = x.shape
        qkv = self._qkv(self._attention_norm(x))
        q, k, v = qkv.view(n, positions, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        heard = functional.scaled_dot_product_attention(q, k, v)
        x += self._out(heard.transpose(1, 2).reshape(n, positions, state))
        x += self._mlp_out(self._mlp_in(self._mlp_norm(x)))
        return x


class Encoder:
    """Two convolutions, the second of which halves the frames, and the layers."""

    def __init__(self, weights: Weights, dimensions: Dimensions) -> None:
        self._convolutions = [
            (weights.tensor(f"encoder.{name}.weight"), weights.tensor(f"encoder.{name}.bias"))
            for name in ("conv1", "conv2")
        ]
        self._positions = weights.tensor("encoder.positional_embedding")
        self._layers = [
            EncoderLayer(weights, f"encoder.blocks.{number}", dimensions.n_audio_head)
            for number in range(dimensions.n_audio_layer)
        ]
        self._norm: Norm = weights.norm("encoder.ln_post", even=False)

    def __call__(self, mel: Tensor) -> Tensor:
        """(windows, mels, frames) → (windows, (frames + 1) // 2, state)."""
        if mel.device.type != "cpu" or len(mel) == 1:
            return self._encode(mel)
        # One window fills a few cores, and what lies between its layers stays in their caches.
        return torch.cat([self._encode(window[None]) for window in mel])

    def _encode(self, mel: Tensor) -> Tensor:
        (weight1, bias1), (weight2, bias2) = self._convolutions
        x = torch.ops.aten.gelu_(functional.conv1d(mel, weight1, bias1, padding=1))
        x = torch.ops.aten.gelu_(functional.conv1d(x, weight2, bias2, stride=2, padding=1))
        x = x.transpose(1, 2) + self._positions[: x.shape[2]]
        for layer in self._layers:
            x = layer(x)
        return self._norm(x)
