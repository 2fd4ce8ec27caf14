"""Tokenizers of all sizes of Whisper's vocabulary, in every file that may hold one."""

import json
from pathlib import Path

import model_forms
import pytest

from alternator.errors import ModelError
from alternator.models.dimensions import VOCABULARIES
from alternator.models.forms.tokens import check_vocabulary


@pytest.mark.parametrize("size", VOCABULARIES)
def test_whispers_own_in_every_file(tmp_path: Path, size: int) -> None:
    tokens = model_forms.whisper_vocabulary(size)
    assert len(tokens) == size
    numbers = {token: number for number, token in enumerate(tokens)}
    words = {token: number for token, number in numbers.items() if not token.startswith("<|")}
    special = {token: number for token, number in numbers.items() if token.startswith("<|")}
    # As transformers wrote them first: without the times.
    early = {token: number for token, number in special.items() if number < size - 1501}
    whole = {
        "model": {"vocab": words},
        "added_tokens": [{"id": number, "content": token} for token, number in special.items()],
    }
    files: list[dict[str, object]] = [
        {"vocabulary.json": tokens},
        {"tokenizer.json": whole},
        {"vocab.json": words, "added_tokens.json": special},
        {"vocab.json": words, "added_tokens.json": early},
    ]
    for place, contents in enumerate(files):
        directory = tmp_path / str(place)
        directory.mkdir()
        for name, content in contents.items():
            (directory / name).write_text(json.dumps(content))
        assert check_vocabulary(directory, size) == size
        assert check_vocabulary(directory, 51872) == size  # filled up to a multiple of 8
    (tmp_path / "vocabulary.txt").write_text("\n".join(tokens))
    assert check_vocabulary(tmp_path, size) == size


def test_another_languages_words_are_told(tmp_path: Path) -> None:
    tokens = model_forms.whisper_vocabulary()
    tokens[264], tokens[300] = tokens[300], tokens[264]
    (tmp_path / "vocabulary.json").write_text(json.dumps(tokens))
    with pytest.raises(ModelError, match=r"its <.startoftranscript.> is 50258"):
        check_vocabulary(tmp_path, 51865)


def test_a_model_with_fewer_tokens_than_its_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.json").write_text(json.dumps(model_forms.whisper_vocabulary(51866)))
    with pytest.raises(ModelError, match="is not Whisper's"):
        check_vocabulary(tmp_path, 51865)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.json"
    for content in ("[1,", "{}", ""):
        path.write_text(content)
        with pytest.raises(ModelError, match=r"vocabulary\.json is no list of tokens"):
            check_vocabulary(tmp_path, 51865)
    path.unlink()
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer\.json is no JSON"):
        check_vocabulary(tmp_path, 51865)
