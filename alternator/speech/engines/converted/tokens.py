"""A model's vocabulary, and that in the form of Hugging Face's tokenizers library.

Made of openai-whisper's own ranks, so that nothing has to be fetched. The library wants the pairs
that byte-pair encoding joins: those in which a token falls apart when only lower ranks are joined.
https://huggingface.co/docs/tokenizers/api/models#tokenizers.models.BPE
"""

import json
from collections.abc import Mapping
from pathlib import Path

from alternator.models.dimensions import Dimensions
from alternator.speech.engines.whisper_package import Tokenizer, get_tokenizer


def tokenizer(dimensions: Dimensions) -> Tokenizer:
    """openai-whisper's, of a model with these dimensions."""
    return get_tokenizer(
        dimensions.is_multilingual,
        num_languages=dimensions.num_languages,
        language="en",
        task="transcribe",
    )


def ranks_of(known: Tokenizer) -> Mapping[bytes, int]:
    """Each token's bytes and number, without the special ones. tiktoken has no public name for
    them: https://github.com/openai/tiktoken/blob/main/tiktoken/core.py"""
    ranks: Mapping[bytes, int] = known.encoding._mergeable_ranks
    return ranks


def write_tokenizer(dimensions: Dimensions, folder: Path) -> None:
    """Write ``tokenizer.json``, and ``vocabulary.json``, which is CTranslate2's list."""
    known = tokenizer(dimensions)
    ranks, letters = ranks_of(known), _letters()

    def written(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    vocabulary = {written(token): rank for token, rank in ranks.items()}
    merges = [[written(part) for part in _parts(token, ranks)] for token in ranks if len(token) > 1]
    special = sorted(known.encoding._special_tokens.items(), key=lambda entry: entry[1])
    plain = {"add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    content = {
        "version": "1.0",
        "added_tokens": [_added(text, number) for text, number in special],
        "pre_tokenizer": {"type": "ByteLevel", **plain},
        "decoder": {"type": "ByteLevel", **plain},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": merges},
    }
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    words = list(vocabulary) + [text for text, _ in special]
    words += [f"<|unused{number}|>" for number in range(len(words), dimensions.n_vocab)]
    (folder / "vocabulary.json").write_text(json.dumps(words), encoding="utf-8")


def _added(text: str, number: int) -> dict[str, object]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    special = not text[2:-2].replace(".", "").isdigit()  # a timestamp is no special token to it
    return {"id": number, "content": text, "special": special, **flags}


def _parts(token: bytes, ranks: Mapping[bytes, int]) -> list[bytes]:
    """The two tokens of which the last step makes this one."""
    parts = [bytes([byte]) for byte in token]
    highest = ranks[token]
    while len(parts) > 2:
        pairs = [ranks.get(parts[at] + parts[at + 1], highest) for at in range(len(parts) - 1)]
        at = min(range(len(pairs)), key=pairs.__getitem__)
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def _letters() -> dict[int, str]:
    """How GPT-2's vocabulary writes each byte:
    https://github.com/openai/gpt-2/blob/master/src/encoder.py (bytes_to_unicode)"""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    return {byte: chr(byte) for byte in plain} | {
        byte: chr(256 + place) for place, byte in enumerate(others)
    }
