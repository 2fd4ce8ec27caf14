"""The vocabulary in Hugging Face's form makes the same tokens as openai-whisper's."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from model_forms import random_checkpoint  # after importorskip

from alternator.speech.engines.converted.tokens import _letters, tokenizer, write_tokenizer

TEXTS = (" Hello, world!", "Übermäßig größer", " 你好，世界", "a\n\n  b", " don't 12345", "🙂")


@pytest.mark.parametrize("vocabulary", [51864, 51865, 51866])
def test_tokens_are_the_same(tmp_path: Path, vocabulary: int) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="make engines installs it")
    dimensions = random_checkpoint(vocabulary=vocabulary).dimensions
    write_tokenizer(dimensions, tmp_path)
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    ours = tokenizer(dimensions)
    for text in TEXTS:
        tokens = ours.encode(text)
        assert theirs.encode(text, add_special_tokens=False).ids == tokens
        assert theirs.decode(tokens) == ours.decode(tokens)
    for name, number in ours.special_tokens.items():
        assert theirs.token_to_id(name) == number, name


def test_ctranslate2s_list_has_each_token_at_its_number(tmp_path: Path) -> None:
    dimensions = random_checkpoint().dimensions
    write_tokenizer(dimensions, tmp_path)
    words = json.loads((tmp_path / "vocabulary.json").read_text())
    assert len(words) == len(set(words)) == dimensions.n_vocab
    for name, number in tokenizer(dimensions).special_tokens.items():
        assert words[number] == name


@pytest.mark.parametrize("vocabulary", [51865, 51866])
def test_the_same_pairs_are_joined(tmp_path: Path, vocabulary: int) -> None:
    """As the library joins them, without it."""
    dimensions = random_checkpoint(vocabulary=vocabulary).dimensions
    write_tokenizer(dimensions, tmp_path)
    content = json.loads((tmp_path / "tokenizer.json").read_text(encoding="utf-8"))
    numbers, known = content["model"]["vocab"], tokenizer(dimensions)
    ranks = {tuple(pair): rank for rank, pair in enumerate(content["model"]["merges"])}
    letters = _letters()
    for word in ("Dashwood", " ill", " prudently", " naïveté", " Москва"):
        parts = [letters[byte] for byte in word.encode()]
        while len(parts) > 1:
            pairs = [ranks.get((parts[i], parts[i + 1]), len(ranks)) for i in range(len(parts) - 1)]
            at = min(range(len(pairs)), key=pairs.__getitem__)
            if pairs[at] == len(ranks):
                break
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        assert [numbers[part] for part in parts] == known.encode(word)
    added = {entry["content"]: entry["id"] for entry in content["added_tokens"]}
    assert added["<|notimestamps|>"] == known.no_timestamps
    assert added["<|0.00|>"] == known.timestamp_begin
