"""A Whisper network's dimensions, and the weights that follow from them. Imports no torch.

https://github.com/openai/whisper/blob/v20250625/whisper/model.py (ModelDimensions, Whisper)
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Shape = tuple[int, ...]

# What Whisper's tokenizers have, by openai-whisper's arithmetic on n_vocab (whisper/model.py,
# is_multilingual, num_languages; whisper/tokenizer.py): English only, 99 languages, 100 of them.
ENGLISH_VOCABULARY = 51864
VOCABULARIES = (ENGLISH_VOCABULARY, 51865, 51866)
# Samples of a head, in every model of OpenAI's: state / 64 heads.
HEAD_WIDTH = 64


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


def expected_shapes(dimensions: Dimensions) -> dict[str, Shape]:
    """Every weight of such a network: its name in openai-whisper, and its shape."""
    d = dimensions
    audio, text = d.n_audio_state, d.n_text_state
    shapes: dict[str, Shape] = {
        "encoder.positional_embedding": (d.n_audio_ctx, audio),
        "encoder.conv1.weight": (audio, d.n_mels, 3),
        "encoder.conv1.bias": (audio,),
        "encoder.conv2.weight": (audio, audio, 3),
        "encoder.conv2.bias": (audio,),
    }
    for layer in range(d.n_audio_layer):
        shapes.update(_block(f"encoder.blocks.{layer}", audio, ("attn",)))
    shapes.update(_norm("encoder.ln_post", audio))
    shapes["decoder.token_embedding.weight"] = (d.n_vocab, text)
    shapes["decoder.positional_embedding"] = (d.n_text_ctx, text)
    for layer in range(d.n_text_layer):
        shapes.update(_block(f"decoder.blocks.{layer}", text, ("attn", "cross_attn")))
    shapes.update(_norm("decoder.ln", text))
    return shapes


def parameters(dimensions: Dimensions) -> int:
    """How many numbers the network has."""
    return sum(math.prod(shape) for shape in expected_shapes(dimensions).values())


def linear_parameters(dimensions: Dimensions) -> int:
    """How many of them are weights of linear layers, which int8 makes smaller."""
    shapes = expected_shapes(dimensions).items()
    return sum(math.prod(shape) for name, shape in shapes if is_linear_weight(name))


def is_linear_weight(name: str) -> bool:
    """Whether a weight, by openai-whisper's name, is the matrix of a linear layer."""
    return ".blocks." in name and name.endswith(".weight") and "_ln." not in name


def _block(prefix: str, state: int, attentions: tuple[str, ...]) -> Iterator[tuple[str, Shape]]:
    for name in attentions:
        for part in ("query", "key", "value", "out"):
            yield f"{prefix}.{name}.{part}.weight", (state, state)
            if part != "key":  # the key has no bias
                yield f"{prefix}.{name}.{part}.bias", (state,)
        yield from _norm(f"{prefix}.{name}_ln", state).items()
    yield f"{prefix}.mlp.0.weight", (4 * state, state)
    yield f"{prefix}.mlp.0.bias", (4 * state,)
    yield f"{prefix}.mlp.2.weight", (state, 4 * state)
    yield f"{prefix}.mlp.2.bias", (state,)
    yield from _norm(f"{prefix}.mlp_ln", state).items()


def _norm(name: str, state: int) -> Mapping[str, Shape]:
    return {f"{name}.weight": (state,), f"{name}.bias": (state,)}
