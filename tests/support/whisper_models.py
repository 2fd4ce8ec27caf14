"""Whisper models for tests: the fixture, and random ones, which say anything at all."""

from pathlib import Path

import torch
import whisper
from whisper.model import ModelDimensions

MULTILINGUAL, ENGLISH = 51_865, 51_864


def random_model(
    seed: int = 0, *, vocabulary: int = MULTILINGUAL, state: int = 64
) -> whisper.Whisper:
    """A model that was never trained. Its embeddings are spread, so that its choices are clear."""
    torch.manual_seed(seed)
    dims = ModelDimensions(80, 1500, state, state // 32, 2, vocabulary, 448, state, state // 32, 2)
    model = whisper.model.Whisper(dims)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3 if "embedding" in name else 0.12)
    return model.eval()


def saved(model: whisper.Whisper, path: Path) -> Path:
    """A checkpoint of openai-whisper's form."""
    torch.save({"dims": vars(model.dims), "model_state_dict": model.state_dict()}, path)
    return path
