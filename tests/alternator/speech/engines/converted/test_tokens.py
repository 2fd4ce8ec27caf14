"""The vocabulary in Hugging Face's form makes the same tokens as openai-whisper's."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from model_forms import random_checkpoint  # after importorskip

from alternator.speech.engines.converted.tokens import tokenizer, write_tokenizer

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
