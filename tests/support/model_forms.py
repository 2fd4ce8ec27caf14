"""Writes a checkpoint in the forms of others, as their own tools do: real files for real readers.

Hugging Face: ``save_pretrained`` of transformers. CTranslate2: ``ct2-transformers-converter``; both
were compared with what those tools make of the same weights.
"""

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save_file

from alternator.models.forms.ctranslate2 import place
from alternator.models.forms.ctranslate2_file import TYPES
from alternator.models.forms.hugging_face_names import theirs
from alternator.models.weights import Checkpoint

Quantization = Literal["float32", "float16", "bfloat16", "int8", "int16"]
LINEAR = ("linear_0/weight", "linear_1/weight", "linear_2/weight", "embeddings/weight")


def random_checkpoint(
    *,
    state: int = 64,
    heads: int = 2,
    layers: tuple[int, int] = (2, 2),
    vocabulary: int = 51865,
    dtype: torch.dtype = torch.float16,
) -> Checkpoint:
    """A Whisper whose weights are drawn, always the same ones."""
    from alternator.models.dimensions import Dimensions, expected_shapes

    dimensions = Dimensions(
        n_mels=80,
        n_audio_ctx=1500,
        n_audio_state=state,
        n_audio_head=heads,
        n_audio_layer=layers[0],
        n_vocab=vocabulary,
        n_text_ctx=448,
        n_text_state=state,
        n_text_head=heads,
        n_text_layer=layers[1],
    )
    drawn = torch.Generator().manual_seed(1)
    weights = {
        name: (torch.randn(shape, generator=drawn) * 0.1).to(dtype)
        for name, shape in expected_shapes(dimensions).items()
    }
    return Checkpoint(dimensions=dimensions, weights=weights)


def write_hugging_face(
    checkpoint: Checkpoint, directory: Path, *, files: int = 1, pickled: bool = False
) -> Path:
    """A directory of transformers', its weights in so many files."""
    directory.mkdir()
    d = checkpoint.dimensions
    config = {
        "model_type": "whisper",
        "architectures": ["WhisperForConditionalGeneration"],
        "num_mel_bins": d.n_mels,
        "max_source_positions": d.n_audio_ctx,
        "d_model": d.n_audio_state,
        "encoder_attention_heads": d.n_audio_head,
        "encoder_layers": d.n_audio_layer,
        "encoder_ffn_dim": 4 * d.n_audio_state,
        "vocab_size": d.n_vocab,
        "max_target_positions": d.n_text_ctx,
        "decoder_attention_heads": d.n_text_head,
        "decoder_layers": d.n_text_layer,
        "decoder_ffn_dim": 4 * d.n_text_state,
    }
    (directory / "config.json").write_text(json.dumps(config))
    if checkpoint.alignment_heads:
        heads = {"alignment_heads": [list(head) for head in checkpoint.alignment_heads]}
        (directory / "generation_config.json").write_text(json.dumps(heads))
    tensors = {
        f"model.{theirs(name)}": tensor.contiguous() for name, tensor in checkpoint.weights.items()
    }
    stem, suffix = ("pytorch_model", ".bin") if pickled else ("model", ".safetensors")
    if files == 1:
        save(tensors, directory / f"{stem}{suffix}")
        return directory
    names = list(tensors)
    size = math.ceil(len(names) / files)
    where: dict[str, str] = {}
    for number in range(files):
        file = f"{stem}-{number + 1:05}-of-{files:05}{suffix}"
        part = names[number * size : (number + 1) * size]
        save({name: tensors[name] for name in part}, directory / file)
        where |= dict.fromkeys(part, file)
    index = {"metadata": {}, "weight_map": where}
    (directory / f"{stem}{suffix}.index.json").write_text(json.dumps(index))
    return directory


def save(tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """One file of weights."""
    if path.suffix == ".safetensors":
        save_file(dict(tensors), path, metadata={"format": "pt"})
    else:
        torch.save(dict(tensors), path)


def write_ctranslate2(
    checkpoint: Checkpoint,
    directory: Path,
    *,
    quantization: Quantization = "float16",
    version: int = 6,
    also: Mapping[str, torch.Tensor] | None = None,
) -> Path:
    """A directory of CTranslate2's, its weights in that precision. ``also``: further variables."""
    directory.mkdir()
    d = checkpoint.dimensions
    variables: dict[str, torch.Tensor] = {
        "encoder/num_heads": torch.tensor(d.n_audio_head, dtype=torch.int16),
        "decoder/num_heads": torch.tensor(d.n_text_head, dtype=torch.int16),
        "decoder/pre_norm": torch.tensor(1, dtype=torch.int8),
        **(also or {}),
    }
    joined: dict[str, list[tuple[int, torch.Tensor]]] = {}
    for name, tensor in checkpoint.weights.items():
        variable, part, _ = place(name)
        joined.setdefault(variable, []).append((part, tensor.float()))
        if name.endswith("key.weight"):  # its bias, which Whisper has not, is zero
            zero = torch.zeros(tensor.shape[0])
            joined.setdefault(variable.replace("weight", "bias"), []).append((part, zero))
    for variable, pieces in joined.items():
        whole = torch.cat([tensor for _, tensor in sorted(pieces, key=lambda piece: piece[0])])
        variables |= stored(variable, whole, quantization)
    (directory / "model.bin").write_bytes(binary(variables, version))
    config: dict[str, object] = {"suppress_ids": [], "lang_ids": []}
    if checkpoint.alignment_heads:
        config["alignment_heads"] = [list(head) for head in checkpoint.alignment_heads]
    (directory / "config.json").write_text(json.dumps(config))
    return directory


def stored(name: str, tensor: torch.Tensor, quantization: Quantization) -> dict[str, torch.Tensor]:
    """A variable as it is stored, with its scale where it is quantised (model_spec.py,
    ``_quantize``)."""
    if quantization not in ("int8", "int16") or not name.endswith(LINEAR):
        other = "float32" if quantization in ("int8", "int16") else quantization
        return {name: tensor.to(getattr(torch, other))}
    if quantization == "int16":
        scale = 2**10 / tensor.abs().max()
        return {name: (tensor * scale).round().to(torch.int16), f"{name}_scale": scale}
    largest = tensor.abs().amax(dim=1)
    scale = 127.0 / torch.where(largest == 0, torch.tensor(127.0), largest)
    return {name: (tensor * scale[:, None]).round().to(torch.int8), f"{name}_scale": scale}


def binary(variables: Mapping[str, torch.Tensor], version: int, spec: str = "WhisperSpec") -> bytes:
    """The content of a ``model.bin``."""
    out = bytearray(struct.pack("<I", version))
    if version > 1:
        out += text(spec) + struct.pack("<I", 3)
    out += struct.pack("<I", len(variables))
    for name, tensor in sorted(variables.items()):
        raw = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        out += text(name) + struct.pack(f"<B{tensor.dim()}I", tensor.dim(), *tensor.shape)
        if version > 3:
            out += struct.pack("<BI", TYPES.index(tensor.dtype), len(raw))
        else:
            out += struct.pack("<BI", tensor.dtype.itemsize, tensor.numel())
        out += raw
    if version > 2:
        out += struct.pack("<I", 1)
        out += text("decoder/projection/weight") + text("decoder/embeddings/weight")
    return bytes(out)


def text(words: str) -> bytes:
    """A string of its format."""
    return struct.pack("<H", len(words) + 1) + words.encode() + b"\0"


def whisper_vocabulary(size: int = 51865) -> list[str]:
    """The tokens of Whisper, as CTranslate2 and Hugging Face spell them: each byte a letter.

    https://github.com/openai/gpt-2/blob/master/src/encoder.py (bytes_to_unicode)
    """
    from whisper.tokenizer import get_tokenizer

    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown} | {
        byte: chr(256 + place) for place, byte in enumerate(hidden)
    }
    english = size == 51864
    tokenizer = get_tokenizer(not english, num_languages=size - 51765 - (not english))
    special = {number: token for token, number in tokenizer.special_tokens.items()}
    return [
        special.get(number)
        or "".join(letters[byte] for byte in tokenizer.encoding.decode_single_token_bytes(number))
        for number in range(size)
    ]
