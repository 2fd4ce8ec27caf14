"""The languages are those of openai-whisper."""

import pytest

from alternator.speech.languages import code_of, language_name, languages


def test_the_languages_are_openai_whispers() -> None:
    tokenizer = pytest.importorskip("whisper.tokenizer")
    assert dict(languages()) == tokenizer.LANGUAGES


def test_names_are_written_as_names() -> None:
    assert language_name("de") == "German"
    assert language_name("ht") == "Haitian Creole"
    assert language_name("xx") == "Xx"


def test_the_other_names_are_openai_whispers() -> None:
    tokenizer = pytest.importorskip("whisper.tokenizer")
    for name, code in tokenizer.TO_LANGUAGE_CODE.items():
        assert code_of(name) == code


@pytest.mark.parametrize(
    ("name", "code"),
    [("de", "de"), (" GERMAN ", "de"), ("pt-BR", "pt"), ("zh_TW", "zh"), ("Klingon", None)],
)
def test_a_language_has_one_code(name: str, code: str | None) -> None:
    assert code_of(name) == code
