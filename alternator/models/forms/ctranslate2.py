"""A directory of CTranslate2's, which is what faster-whisper's users have.

How weights are quantised: https://github.com/OpenNMT/CTranslate2/blob/v4.6.0/python/ctranslate2/specs/model_spec.py
(``_quantize``); the variables' names: whisper_spec.py and transformer_spec.py beside it.
"""

import mmap
from collections.abc import Mapping
from pathlib import Path

import torch

from alternator.errors import ModelError
from alternator.models.dimensions import HEAD_WIDTH, Dimensions, Shape, expected_shapes
from alternator.models.forms.ctranslate2_file import Variable, reader, variables_of
from alternator.models.forms.facts import alignment_heads_in, facts_in
from alternator.models.forms.tokens import check_vocabulary
from alternator.models.forms.whole import check_dimensions, whole, with_vocabulary
from alternator.models.weights import Checkpoint, Weight

FORM = "CTranslate2 directory"
FILE = "model.bin"
QUANTIZED = (torch.int8, torch.int16)
# A quantised weight is computed anew: its error is far above that of half precision.
DEQUANTIZED = torch.float16

# Of a layer: openai-whisper's name, CTranslate2's, and which part of how many rows it is.
ATTENTION = {
    "attn.query": ("self_attention/linear_0", 0, 3),
    "attn.key": ("self_attention/linear_0", 1, 3),
    "attn.value": ("self_attention/linear_0", 2, 3),
    "attn.out": ("self_attention/linear_1", 0, 1),
    "attn_ln": ("self_attention/layer_norm", 0, 1),
    "cross_attn.query": ("attention/linear_0", 0, 1),
    "cross_attn.key": ("attention/linear_1", 0, 2),
    "cross_attn.value": ("attention/linear_1", 1, 2),
    "cross_attn.out": ("attention/linear_2", 0, 1),
    "cross_attn_ln": ("attention/layer_norm", 0, 1),
    "mlp.0": ("ffn/linear_0", 0, 1),
    "mlp.2": ("ffn/linear_1", 0, 1),
    "mlp_ln": ("ffn/layer_norm", 0, 1),
}
OUTSIDE = {
    "encoder.positional_embedding": "encoder/position_encodings/encodings",
    "decoder.positional_embedding": "decoder/position_encodings/encodings",
    "decoder.token_embedding.weight": "decoder/embeddings/weight",
    "encoder.conv1.weight": "encoder/conv1/weight",
    "encoder.conv1.bias": "encoder/conv1/bias",
    "encoder.conv2.weight": "encoder/conv2/weight",
    "encoder.conv2.bias": "encoder/conv2/bias",
    "encoder.ln_post.weight": "encoder/layer_norm/gamma",
    "encoder.ln_post.bias": "encoder/layer_norm/beta",
    "decoder.ln.weight": "decoder/layer_norm/gamma",
    "decoder.ln.bias": "decoder/layer_norm/beta",
}


def read(directory: Path) -> Checkpoint:
    """The checkpoint in a directory with CTranslate2's ``model.bin``; ModelError if it is none."""
    path = directory / FILE
    variables, content = variables_of(path)
    dimensions = dimensions_of(path, variables, content)
    check_dimensions(dimensions, path)
    entries = {
        name: entry
        for name in expected_shapes(dimensions)
        if (entry := weight(name, variables, content)) is not None
    }
    found = Checkpoint(
        dimensions=dimensions,
        weights={},
        alignment_heads=alignment_heads_in(facts_in(directory / "config.json")),
        form=FORM,
    )
    return whole(
        *with_vocabulary(found, entries, check_vocabulary(directory, dimensions.n_vocab)),
        source=path,
        named=lambda name: place(name)[0],
    )


def weight(name: str, variables: Mapping[str, Variable], content: mmap.mmap) -> Weight | None:
    """The weight of that name in openai-whisper, None where it is not there."""
    variable_name, part, parts = place(name)
    variable = variables.get(variable_name)
    if variable is None:
        return None
    found = variable.rows(part, parts)
    if found.dtype not in QUANTIZED:
        return Weight(shape=found.shape, dtype=found.dtype, read=reader(content, found))
    scale = variables.get(f"{variable_name}_scale")
    if scale is None:
        return None
    # One scale for each row of int8, one for the whole of int16.
    scales = scale.rows(part, parts) if scale.shape else scale
    stored, divisors = reader(content, found), reader(content, scales)
    return Weight(
        shape=found.shape,
        dtype=DEQUANTIZED,
        read=lambda: dequantized(stored(), divisors()),
    )


def dequantized(stored: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Numbers of int8 or int16, which were multiplied by ``scale``, as they were before."""
    divisor = scale.float()
    if divisor.dim():
        divisor = divisor.reshape(-1, *[1] * (stored.dim() - 1))
    return (stored.float() / divisor).to(DEQUANTIZED)


def place(name: str) -> tuple[str, int, int]:
    """Where openai-whisper's weight is: the variable, and which of how many parts of its rows."""
    if name in OUTSIDE:
        return OUTSIDE[name], 0, 1
    side, _, layer, rest = name.split(".", 3)
    module, kind = rest.rsplit(".", 1)
    variable, part, parts = ATTENTION[module]
    if "layer_norm" in variable:
        kind = {"weight": "gamma", "bias": "beta"}[kind]
    return f"{side}/layer_{layer}/{variable}/{kind}", part, parts


def dimensions_of(path: Path, variables: Mapping[str, Variable], content: mmap.mmap) -> Dimensions:
    """The dimensions, as the variables' shapes have them. ModelError if these are not Whisper's."""
    if any("low_rank" in name for name in variables):
        raise ModelError(
            f"{path} is of a Whisper whose layers were split into thinner ones (low rank), which "
            f"has other weights; take the model that it was made from"
        )

    def shape(name: str, rank: int) -> Shape:
        found = variables.get(name)
        if found is None or len(found.shape) != rank:
            raise ModelError(f"{path} lacks the weights {name}, so it is no whole Whisper model")
        return found.shape

    audio, mels, _ = shape("encoder/conv1/weight", 3)
    vocabulary, text = shape("decoder/embeddings/weight", 2)

    def heads(side: str, state: int) -> int:
        found = variables.get(f"{side}/num_heads") or variables.get("encoder/num_heads")
        return int(reader(content, found)().item()) if found else state // HEAD_WIDTH

    return Dimensions(
        n_mels=mels,
        n_audio_ctx=shape("encoder/position_encodings/encodings", 2)[0],
        n_audio_state=audio,
        n_audio_head=heads("encoder", audio),
        n_audio_layer=layers(variables, "encoder"),
        n_vocab=vocabulary,
        n_text_ctx=shape("decoder/position_encodings/encodings", 2)[0],
        n_text_state=text,
        n_text_head=heads("decoder", text),
        n_text_layer=layers(variables, "decoder"),
    )


def layers(variables: Mapping[str, Variable], side: str) -> int:
    """How many layers the encoder or the decoder has."""
    prefix = f"{side}/layer_"
    numbers = {name.removeprefix(prefix).partition("/")[0] for name in variables if prefix in name}
    return max((int(number) + 1 for number in numbers if number.isdecimal()), default=0)
