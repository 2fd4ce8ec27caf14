"""A text that is known, laid along its sound: one pass, for openai-whisper's way to word times."""

from collections.abc import Sequence

import torch

from alternator.speech.batched.lane import Lane
from alternator.speech.batched.network import Network
from alternator.speech.batched.silence import Sound


class Forced:
    """As asking.Force. One thread may call it, between the steps of the decoder."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._lane: Lane | None = None

    @torch.inference_mode()
    def __call__(
        self, mel: torch.Tensor, tokens: Sequence[int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The alignment heads' raw scores and the logits, for each of ``tokens``."""
        if self._lane is None:
            self._lane = self._network.lane(1, 1, attention=True)
        sound = Sound(states=self._network.encode(mel[None])[0])
        hidden = self._lane.admit([0], [sound], [list(tokens)])
        scores = self._lane.attention(0, 0, len(tokens), first=0)
        self._lane.release(0)
        return scores, self._network.logits(hidden[0])
