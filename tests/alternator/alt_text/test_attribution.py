import pytest

from alternator.alt_text.attribution import is_attributed
from alternator.alt_text.prompts import prompt, table
from alternator.alt_text.shorten import compose


@pytest.mark.parametrize("language", table())
def test_what_this_program_writes_is_known_in_every_language(language: str):
    names = {"model": "vendor/some-model (v1.5)", "text_model": "a+b"}
    for name in ("described", "transcribed", "shortened"):
        line = prompt(name, language, **names)
        assert is_attributed(compose("A boat on a lake.", line, 1500)), line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A boat on a lake.",
        "A boat on a lake.\n\nSecond paragraph",
        "Described by pixels",
        "A boat.\nDescribed by pixels",
        "A boat.\n\nDescribed by ",
        "A boat.\n\nDescribed by pixels\n\nand by me",
        "A boat.\n\nDescribed by " + "x" * 500,
    ],
)
def test_what_a_person_writes_is_not(text: str):
    assert not is_attributed(text)
