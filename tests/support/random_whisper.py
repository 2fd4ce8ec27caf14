"""A Whisper of chosen dimensions with random weights: openai-whisper's own, and its checkpoint."""

from dataclasses import asdict

import torch
from whisper.model import ModelDimensions, Whisper

from alternator.models.checkpoint import Checkpoint, Dimensions


def dimensions_of(*, state: int, heads: int, layers: int, **others: int) -> Dimensions:
    """A multilingual model's dimensions, of one width, with the same layers on both sides."""
    numbers = {
        "n_mels": 80,
        "n_audio_ctx": 1500,
        "n_audio_state": state,
        "n_audio_head": heads,
        "n_audio_layer": layers,
        "n_vocab": 51865,
        "n_text_ctx": 448,
        "n_text_state": state,
        "n_text_head": heads,
        "n_text_layer": layers,
    }
    return Dimensions(**(numbers | others))


def random_whisper(dimensions: Dimensions, seed: int = 0) -> tuple[Whisper, Checkpoint]:
    """openai-whisper's network of those dimensions, and the same weights as a checkpoint.

    The embeddings are small, as training leaves them, so that every layer has its say.
    """
    torch.manual_seed(seed)
    model = Whisper(ModelDimensions(**asdict(dimensions))).eval()
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.1)
    torch.nn.init.normal_(model.decoder.token_embedding.weight, std=0.1)
    weights = {name: weight.detach() for name, weight in model.state_dict().items()}
    return model, Checkpoint(dimensions=dimensions, weights=weights)
