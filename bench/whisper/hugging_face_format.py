"""Writes a checkpoint as a Hugging Face folder, which transformers reads.

The names: https://github.com/huggingface/transformers/blob/v4.57.1/src/transformers/models/whisper/convert_openai_to_hf.py
(``WHISPER_MAPPING``).
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from whisper.model import ModelDimensions

from alternator.models.dimensions import Dimensions
from alternator.speech.engines.converted.tokens import write_tokenizer
from bench.whisper.weights import tokenizer

# Longer names first: a name may hold a shorter one.
NAMES = (
    ("cross_attn_ln", "encoder_attn_layer_norm"),
    ("cross_attn.query", "encoder_attn.q_proj"),
    ("cross_attn.key", "encoder_attn.k_proj"),
    ("cross_attn.value", "encoder_attn.v_proj"),
    ("cross_attn.out", "encoder_attn.out_proj"),
    ("attn_ln", "self_attn_layer_norm"),
    (".attn.query", ".self_attn.q_proj"),
    (".attn.key", ".self_attn.k_proj"),
    (".attn.value", ".self_attn.v_proj"),
    (".attn.out", ".self_attn.out_proj"),
    ("mlp_ln", "final_layer_norm"),
    ("mlp.0", "fc1"),
    ("mlp.2", "fc2"),
    ("blocks", "layers"),
    ("encoder.ln_post", "encoder.layer_norm"),
    ("decoder.ln.", "decoder.layer_norm."),
    ("encoder.positional_embedding", "encoder.embed_positions.weight"),
    ("decoder.positional_embedding", "decoder.embed_positions.weight"),
    ("decoder.token_embedding", "decoder.embed_tokens"),
)


def convert(checkpoint: Path, folder: Path) -> Path:
    """Write the folder, unless it is there; weights stay in the precision of the file."""
    if (folder / "config.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    content = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    dims = ModelDimensions(**content["dims"])
    weights = {
        f"model.{renamed(key)}": value.contiguous()
        for key, value in content["model_state_dict"].items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    write_tokenizer(Dimensions(**vars(dims)), folder)
    generation = json.dumps(_generation(dims), indent=1)
    (folder / "generation_config.json").write_text(generation, encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(_config(dims), indent=1), encoding="utf-8")
    return folder


def renamed(key: str) -> str:
    """A weight's name in transformers."""
    for ours, theirs in NAMES:
        key = key.replace(ours, theirs)
    return key


def _config(dims: ModelDimensions) -> dict[str, object]:
    known = tokenizer(dims)
    return {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "vocab_size": dims.n_vocab,
        "num_mel_bins": dims.n_mels,
        "d_model": dims.n_audio_state,
        "encoder_layers": dims.n_audio_layer,
        "encoder_attention_heads": dims.n_audio_head,
        "encoder_ffn_dim": 4 * dims.n_audio_state,
        "decoder_layers": dims.n_text_layer,
        "decoder_attention_heads": dims.n_text_head,
        "decoder_ffn_dim": 4 * dims.n_text_state,
        "max_source_positions": dims.n_audio_ctx,
        "max_target_positions": dims.n_text_ctx,
        "activation_function": "gelu",
        "tie_word_embeddings": True,
        "bos_token_id": known.eot,
        "eos_token_id": known.eot,
        "pad_token_id": known.eot,
        "decoder_start_token_id": known.sot,
    }


def _generation(dims: ModelDimensions) -> dict[str, object]:
    known = tokenizer(dims)
    special = (known.transcribe, known.translate, known.sot, known.sot_prev, known.sot_lm)
    return {
        "bos_token_id": known.eot,
        "eos_token_id": known.eot,
        "pad_token_id": known.eot,
        "decoder_start_token_id": known.sot,
        "is_multilingual": True,
        "max_length": dims.n_text_ctx,
        "max_initial_timestamp_index": 50,
        "no_timestamps_token_id": known.no_timestamps,
        "begin_suppress_tokens": [*known.encode(" "), known.eot],
        "suppress_tokens": sorted({*known.non_speech_tokens, *special, known.no_speech}),
        "task_to_id": {"transcribe": known.transcribe, "translate": known.translate},
        "lang_to_id": {
            f"<|{code}|>": known.to_language_token(code) for code in known.all_language_codes
        },
    }
