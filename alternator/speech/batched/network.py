"""Whisper's network on one device, in one precision.

What is remembered while windows are decoded stands in ``lane.py``.
"""

from typing import Self

import torch
from torch import Tensor

from alternator.config.models import ComputeType
from alternator.models.checkpoint import Checkpoint
from alternator.speech.batched.decoder_network import DecoderNetwork, default_alignment_heads
from alternator.speech.batched.encoder import Encoder
from alternator.speech.batched.lane import Lane
from alternator.speech.batched.precision import choose_precision
from alternator.speech.batched.silence import Sound
from alternator.speech.batched.weights import Weights


class Network:
    """The encoder and the decoder of a checkpoint, ready to compute.

    ``dimensions``: of the checkpoint. ``device``, ``dtype``: where and in which type it computes;
    ``int8``: whether its linear layers have int8 weights. ``alignment_heads``: (layer, head) of the
    decoder, by which words find their times.
    """

    def __init__(self, checkpoint: Checkpoint, *, device: str, compute_type: ComputeType) -> None:
        """Convert the checkpoint's weights, one after the other. ``Network.load`` says more."""
        self.device = torch.device(device)
        precision = choose_precision(compute_type, self.device)
        self.dimensions = checkpoint.dimensions
        self.dtype, self.int8 = precision.dtype, precision.int8
        self.alignment_heads = checkpoint.alignment_heads or default_alignment_heads(
            self.dimensions
        )
        weights = Weights(checkpoint.weights, self.device, precision)
        self._encoder = Encoder(weights, self.dimensions)
        self._decoder = DecoderNetwork(weights, self.dimensions, self.alignment_heads)

    @classmethod
    @torch.inference_mode()
    def load(
        cls, checkpoint: Checkpoint, *, device: str, compute_type: ComputeType = "auto"
    ) -> Self:
        """The network of a checkpoint on a device, by PyTorch's name of it.

        The weights are copies: the checkpoint, and the file that it is mapped from, can go.
        ModelError if the device can't compute in the type.
        """
        return cls(checkpoint, device=device, compute_type=compute_type)

    @torch.inference_mode()
    def encode(self, mel: Tensor) -> Tensor:
        """What the decoder listens to: (windows, mels, frames) → (windows, frames / 2, state).

        Frames of 10 ms, at most 3000; fewer cost less. The caller decides how much silence a window
        is padded with: a model is used to 3000.
        """
        return self._encoder(mel.to(self.device, self.dtype))

    @torch.inference_mode()
    def encode_short(self, mel: Tensor) -> Sound:
        """A window of (mels, frames), padded to 3000 frames, of whose padding little is computed.

        Not the same numbers as ``encode``'s, but words as good: ``silence.py``.
        """
        return self._encoder.short(mel.to(self.device, self.dtype))

    @torch.inference_mode()
    def logits(self, hidden: Tensor) -> Tensor:
        """The decoder's hidden states (…, state) → float32 logits (…, vocabulary)."""
        return self._decoder.logits(hidden)

    def lane(
        self,
        windows: int,
        rows: int = 1,
        *,
        attention: bool = False,
        audio_positions: int | None = None,
    ) -> Lane:
        """Places for ``windows`` windows of ``rows`` hypotheses each.

        ``attention``: ``Lane.attention`` will be asked for. ``audio_positions``: the most sound of
        a window, in positions of 20 ms; None: all that the model takes.
        """
        return Lane(
            self._decoder,
            windows=windows,
            rows=rows,
            attention=attention,
            audio_positions=audio_positions,
        )
