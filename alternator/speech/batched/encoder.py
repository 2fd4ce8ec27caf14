"""Whisper's encoder: log-Mel spectrograms → what the decoder listens to.

https://github.com/openai/whisper/blob/v20250625/whisper/model.py (AudioEncoder)
"""

import torch
from torch import Tensor
from torch.nn import functional

from alternator.models.checkpoint import Dimensions
from alternator.speech.batched.encoder_attention import EncoderAttention, encoder_attention
from alternator.speech.batched.silence import Sound, kept_of
from alternator.speech.batched.weights import Norm, Weights

# Frames around a place that the convolutions look at, and more.
REACH = 4


class EncoderLayer:
    """Self-attention over all positions, then two linear layers; each added to its input."""

    def __init__(self, weights: Weights, name: str, attend: EncoderAttention) -> None:
        attention = f"{name}.attn"
        self._attend = attend
        self._attention_norm = weights.norm(f"{name}.attn_ln")
        self._qkv = weights.many_rows(
            *(f"{attention}.{part}" for part in ("query", "key", "value")), after=f"{name}.attn_ln"
        )
        self._out = weights.many_rows(f"{attention}.out")
        self._mlp_norm = weights.norm(f"{name}.mlp_ln")
        self._mlp_in = weights.many_rows(f"{name}.mlp.0", after=f"{name}.mlp_ln", gelu=True)
        self._mlp_out = weights.after_gelu(f"{name}.mlp.2", many=True)

    def __call__(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """(windows, positions, state) → the same shape. ``x`` is written over.

        ``bias``, (1, 1, 1, positions), is added to the scores of the attention.
        """
        x += self._out(self._attend(self._qkv(self._attention_norm(x)), bias))
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
        heads = dimensions.n_audio_head
        attend = encoder_attention(heads, dimensions.n_audio_state // heads, int8=weights.int8)
        self._layers = [
            EncoderLayer(weights, f"encoder.blocks.{number}", attend)
            for number in range(dimensions.n_audio_layer)
        ]
        self._norm: Norm = weights.norm("encoder.ln_post", even=False)
        self._silent: Tensor | None = None

    def __call__(self, mel: Tensor) -> Tensor:
        """(windows, mels, frames) → (windows, (frames + 1) // 2, state)."""
        if mel.device.type != "cpu" or len(mel) == 1:
            return self._encode(mel)
        # One window fills a few cores, and what lies between its layers stays in their caches.
        return torch.cat([self._encode(window[None]) for window in mel])

    def short(self, mel: Tensor) -> Sound:
        """A window, (mels, frames), whose padding is heard at few of its places: ``silence.py``."""
        kept = kept_of(mel.shape[1], len(self._positions))
        if kept is None:
            padded = functional.pad(mel, (0, 2 * len(self._positions) - mel.shape[1]))
            return Sound(states=self._encode(padded[None])[0])
        padded = functional.pad(mel, (0, 2 * kept.whole + REACH - mel.shape[1]))
        x = self._convolved(padded[None])[:, : kept.whole]
        blocks = len(kept.positions) - kept.whole
        x = torch.cat([x, self._silence(mel).expand(1, blocks, -1)], dim=1)
        x += self._positions[kept.positions]
        weights = kept.weights.to(x)
        return Sound(states=self._through(x, weights[None, None, None])[0], weights=weights)

    def _silence(self, mel: Tensor) -> Tensor:
        """What the convolutions make of a place with nothing around it, (state,)."""
        if self._silent is None:
            nothing = mel.new_zeros(1, len(mel), 4 * REACH)
            self._silent = self._convolved(nothing)[0, REACH].clone()
        return self._silent

    def _encode(self, mel: Tensor) -> Tensor:
        x = self._convolved(mel)
        return self._through(x + self._positions[: x.shape[1]])

    def _convolved(self, mel: Tensor) -> Tensor:
        """(windows, mels, frames) → (windows, positions, state), not yet told where they are."""
        (weight1, bias1), (weight2, bias2) = self._convolutions
        x = torch.ops.aten.gelu_(functional.conv1d(mel, weight1, bias1, padding=1))
        x = functional.conv1d(x, weight2, bias2, stride=2, padding=1)
        torch.ops.aten.gelu_(x)
        return x.transpose(1, 2)

    def _through(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        for layer in self._layers:
            x = layer(x, bias)
        return self._norm(x)
