"""Which language a window is in: openai-whisper's detect_language.

https://github.com/openai/whisper/blob/v20250625/whisper/decoding.py
"""

from collections.abc import Mapping

import torch

from alternator.speech.batched.lane import Lane
from alternator.speech.batched.network import Network
from alternator.speech.batched.silence import Sound
from alternator.speech.engines.whisper_package import Tokenizer


class LanguageDetector:
    """Asks the decoder for the token after <|startoftranscript|>, one window after the other."""

    def __init__(self, network: Network, tokenizer: Tokenizer) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._lane: Lane | None = None
        self._tokens = torch.tensor(tokenizer.all_language_tokens, device=network.device)

    def probabilities(self, sound: Sound) -> Mapping[str, float]:
        """Of each language's code the probability, of encoded sound."""
        if self._lane is None:
            self._lane = self._network.lane(1, 1)
        hidden = self._lane.admit([0], [sound], [[self._tokenizer.sot]])
        logits = self._network.logits(hidden[0, -1])
        found = logits[self._tokens].softmax(dim=-1).tolist()
        return dict(zip(self._tokenizer.all_language_codes, found, strict=True))
