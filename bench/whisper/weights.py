"""Checkpoints of the real dimensions whose decoder recites one text, whatever it hears.

Every engine that loads one computes the same number of tokens for a window, at the cost of the
real network. All layers hold random weights and are computed; what they add to the residual stream
is made too small to matter. What is left at a position p is the embedding of its token and that of
the position, and the latter is the embedding of the token that is to come next, four times as
large: final layer norm and vocabulary product then choose just that one, by some 30 logits.

As positions count from ``<|startoftranscript|>``, no prompt may stand before it.
"""

from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor
from whisper.model import AudioEncoder, ModelDimensions, TextDecoder, sinusoids
from whisper.tokenizer import Tokenizer, get_tokenizer

# n_mels, n_vocab, state, heads, layers of the encoder and of the decoder:
# https://github.com/openai/whisper/blob/v20250625/model-card.md and the checkpoints themselves.
DIMENSIONS = {
    "small-test": (80, 51865, 128, 2, 2, 2),  # of no real model: to try the bench itself
    "tiny": (80, 51865, 384, 6, 4, 4),
    "base": (80, 51865, 512, 8, 6, 6),
    "turbo": (128, 51866, 1280, 20, 32, 4),
    "large-v3": (128, 51866, 1280, 20, 32, 32),
}
# Jane Austen, Sense and Sensibility (1811), chapter 1. With the tokens around it, 102 a window.
TEXT = (
    "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his"
    " power to do for them. He was not an ill-disposed young man, unless to be rather cold hearted"
    " and rather selfish is to be ill-disposed, but he was in general well respected, for he"
    " conducted himself with propriety in the discharge of his ordinary duties. Had he married a"
    " more amiable woman, he might have been made still more respectable."
)
LOUDNESS = 4.0  # of the next token's embedding against the present one's
SCALE = 40.0  # the standard deviation of an embedding is this, divided by the width
WHISPER = 1e-4  # standard deviation of the weights that lead into the residual stream


def dimensions(name: str) -> ModelDimensions:
    """The ten numbers of a model."""
    mels, vocabulary, state, heads, encoder, decoder = DIMENSIONS[name]
    return ModelDimensions(
        n_mels=mels,
        n_audio_ctx=1500,
        n_audio_state=state,
        n_audio_head=heads,
        n_audio_layer=encoder,
        n_vocab=vocabulary,
        n_text_ctx=448,
        n_text_state=state,
        n_text_head=heads,
        n_text_layer=decoder,
    )


def tokenizer(dims: ModelDimensions) -> Tokenizer:
    """The tokens of English speech."""
    languages = dims.n_vocab - 51765 - 1
    return get_tokenizer(True, num_languages=languages, language="en", task="transcribe")


def recitation(dims: ModelDimensions) -> list[int]:
    """Which token each of the 448 positions leads to.

    English, to be transcribed, from 0.00 to 30.00 s; where no timestamps were asked for
    ``<|notimestamps|>`` stands in the place of the first one, and all the rest is the same.
    """
    known = tokenizer(dims)
    spoken = known.encode(" " + TEXT)
    first, last = known.timestamp_begin, known.timestamp_begin + 1500
    tokens = [known.to_language_token("en"), known.transcribe, first, *spoken, last]
    return tokens + [known.eot] * (dims.n_text_ctx - len(tokens))


def tokens_a_window(dims: ModelDimensions) -> int:
    """How many tokens are decoded in a window, timestamps and the end's token with them."""
    return recitation(dims).index(tokenizer(dims).eot) - 1


def make(name: str, file: Path, *, seed: int = 1) -> Path:
    """Write the checkpoint in openai-whisper's form and half precision, unless it is there."""
    if file.exists():
        return file
    dims = dimensions(name)
    torch.manual_seed(seed)
    weights = {key: _weight(key, shape) for key, shape in _shapes(dims).items()}
    embedding = torch.empty(dims.n_vocab, dims.n_text_state).normal_(std=SCALE / dims.n_text_state)
    weights["decoder.token_embedding.weight"] = embedding.half()
    weights["decoder.positional_embedding"] = (LOUDNESS * embedding[recitation(dims)]).half()
    partial = file.with_suffix(".part")
    torch.save({"dims": asdict(dims), "model_state_dict": weights}, partial)
    partial.rename(file)
    return file


def _shapes(dims: ModelDimensions) -> dict[str, tuple[int, ...]]:
    """The names and shapes of all weights."""
    audio = (dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer)
    text = (dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer)
    with torch.device("meta"):
        parts = {
            "encoder": AudioEncoder(dims.n_mels, *audio),
            "decoder": TextDecoder(dims.n_vocab, *text),
        }
    return {
        f"{part}.{key}": tuple(value.shape)
        for part, network in parts.items()
        for key, value in network.state_dict().items()
    }


def _weight(key: str, shape: tuple[int, ...]) -> Tensor:
    """A weight of a trained network's order of size."""
    if key == "encoder.positional_embedding":
        return torch.as_tensor(sinusoids(*shape)).half()
    if "_ln." in key or "ln_post." in key or ".ln." in key:
        return torch.full(shape, float(key.endswith("weight")), dtype=torch.half)
    inwards = key.startswith("decoder.") and key.split(".")[-2] in ("out", "2")
    return torch.empty(shape).normal_(std=WHISPER if inwards else 0.02).half()
