"""Hugging Face's names for Whisper's weights, and openai-whisper's.

https://github.com/huggingface/transformers/blob/v4.57.0/src/transformers/models/whisper/convert_openai_to_hf.py
(WHISPER_MAPPING). Names here are without the ``model.`` that whole networks have before them.
"""

import re

THEIR_EMBEDDING = "decoder.embed_tokens.weight"
# Beside the network: its last layer, which is the embedding once more.
THEIR_OUTPUT = "proj_out.weight"

# In front, openai-whisper's.
OUTSIDE = {
    "encoder.conv1": "encoder.conv1",
    "encoder.conv2": "encoder.conv2",
    "encoder.ln_post": "encoder.layer_norm",
    "decoder.ln": "decoder.layer_norm",
}
SINGLE = {
    "encoder.positional_embedding": "encoder.embed_positions.weight",
    "decoder.positional_embedding": "decoder.embed_positions.weight",
    "decoder.token_embedding.weight": THEIR_EMBEDDING,
}
OF_A_LAYER = {
    "attn.query": "self_attn.q_proj",
    "attn.key": "self_attn.k_proj",
    "attn.value": "self_attn.v_proj",
    "attn.out": "self_attn.out_proj",
    "attn_ln": "self_attn_layer_norm",
    "cross_attn.query": "encoder_attn.q_proj",
    "cross_attn.key": "encoder_attn.k_proj",
    "cross_attn.value": "encoder_attn.v_proj",
    "cross_attn.out": "encoder_attn.out_proj",
    "cross_attn_ln": "encoder_attn_layer_norm",
    "mlp.0": "fc1",
    "mlp.2": "fc2",
    "mlp_ln": "final_layer_norm",
}
OURS_OF_A_LAYER = {theirs: ours for ours, theirs in OF_A_LAYER.items()}
OURS_OUTSIDE = {theirs: ours for ours, theirs in OUTSIDE.items()}
OURS_SINGLE = {theirs: ours for ours, theirs in SINGLE.items()}


def ours(theirs: str) -> str | None:
    """openai-whisper's name for a weight of Hugging Face's; None for one it has not."""
    if theirs in OURS_SINGLE:
        return OURS_SINGLE[theirs]
    module, _, kind = theirs.rpartition(".")
    if module in OURS_OUTSIDE:
        return f"{OURS_OUTSIDE[module]}.{kind}"
    found = re.fullmatch(r"(encoder|decoder)\.layers\.(\d+)\.(.+)", module)
    if found is None or found[3] not in OURS_OF_A_LAYER:
        return None
    return f"{found[1]}.blocks.{found[2]}.{OURS_OF_A_LAYER[found[3]]}.{kind}"


def theirs(ours: str) -> str:
    """Hugging Face's name for a weight of openai-whisper's."""
    if ours in SINGLE:
        return SINGLE[ours]
    module, _, kind = ours.rpartition(".")
    if module in OUTSIDE:
        return f"{OUTSIDE[module]}.{kind}"
    side, _, layer, part = module.split(".", 3)
    return f"{side}.layers.{layer}.{OF_A_LAYER[part]}.{kind}"
