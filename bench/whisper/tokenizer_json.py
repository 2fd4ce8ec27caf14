"""Writes Whisper's vocabulary in the form of Hugging Face's tokenizers library.

Made from openai-whisper's own ranks, so that nothing has to be fetched. The library wants the pairs
that byte-pair encoding joins: those in which a token falls apart when only lower ranks are joined.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from whisper.model import ModelDimensions

from bench.whisper.weights import tokenizer


def write(dims: ModelDimensions, folder: Path) -> None:
    """Write ``tokenizer.json`` and ``vocabulary.json`` (CTranslate2's list)."""
    encoding = tokenizer(dims).encoding
    ranks: Mapping[bytes, int] = encoding._mergeable_ranks
    letters = _letters()

    def written(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    vocabulary = {written(token): rank for token, rank in ranks.items()}
    merges = [[written(part) for part in _parts(token, ranks)] for token in ranks if len(token) > 1]
    special = sorted(encoding._special_tokens.items(), key=lambda entry: entry[1])
    added = [_added(text, number) for text, number in special]
    plain = {"add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    content = {
        "version": "1.0",
        "added_tokens": added,
        "pre_tokenizer": {"type": "ByteLevel", **plain},
        "decoder": {"type": "ByteLevel", **plain},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": merges},
    }
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    words = list(vocabulary) + [text for text, _ in special]
    words += [f"<|unused{number}|>" for number in range(len(words), dims.n_vocab)]
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
    """How GPT-2's vocabulary writes each byte: https://github.com/openai/gpt-2/blob/master/src/encoder.py"""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(plain)]
    return {byte: chr(byte) for byte in plain} | {
        byte: chr(256 + place) for place, byte in enumerate(others)
    }
