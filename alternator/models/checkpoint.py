"""What is in a Whisper checkpoint, whichever form it came in.

https://github.com/openai/whisper/blob/v20250625/whisper/model.py (ModelDimensions, Whisper)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True, kw_only=True)
class Dimensions:
    """The ten numbers of a Whisper network, by openai-whisper's names."""

    n_mels: int
    n_audio_ctx: int
    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_vocab: int
    n_text_ctx: int
    n_text_state: int
    n_text_head: int
    n_text_layer: int

    @property
    def is_multilingual(self) -> bool:
        """Whether it knows languages other than English."""
        return self.n_vocab >= 51865

    @property
    def num_languages(self) -> int:
        """How many languages it has tokens for."""
        return self.n_vocab - 51765 - int(self.is_multilingual)


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
    """A network's dimensions and weights, on the CPU in the precision of the file.

    ``weights`` go by openai-whisper's names. ``alignment_heads`` are (layer, head) of the decoder
    whose attention follows the sound; None: unknown, then those of the upper half of its layers.
    """

    dimensions: Dimensions
    weights: Mapping[str, torch.Tensor]
    alignment_heads: tuple[tuple[int, int], ...] | None = None


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file of openai-whisper's form: ``{"dims": …, "model_state_dict": …}``.

    Only weights are unpickled, never code. The weights stay in the file until they are used.
    """
    content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    return Checkpoint(dimensions=Dimensions(**content["dims"]), weights=content["model_state_dict"])
