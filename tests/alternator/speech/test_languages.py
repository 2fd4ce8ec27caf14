"""The languages are those of openai-whisper."""

import pytest

from alternator.speech.languages import language_name, languages


def test_the_languages_are_openai_whispers() -> None:
    tokenizer = pytest.importorskip("whisper.tokenizer")
    assert dict(languages()) == tokenizer.LANGUAGES


def test_names_are_written_as_names() -> None:
    assert language_name("de") == "German"
    assert language_name("ht") == "Haitian Creole"
    assert language_name("xx") == "Xx"
