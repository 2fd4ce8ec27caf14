import re
from typing import get_args

import pytest

from alternator.alt_text.prompts import Name, nearest, prompt, table

PLACEHOLDERS = {
    "picture": {"limit"},
    "moving": {"limit"},
    "long": {"limit"},
    "summary": {"limit"},
    "described": {"model"},
    "transcribed": {"model"},
    "shortened": {"model", "text_model"},
    "speaker": {"number"},
}


def test_no_language_is_lost():
    named = "cs da de en es fi fr it ja ko nb nl pl pt pt-BR ru sv tr uk zh"
    assert sorted(table()) == named.split()


@pytest.mark.parametrize("language", sorted(table()))
def test_every_language_has_every_text_with_its_placeholders(language: str):
    texts = table()[language]
    assert set(texts) == set(get_args(Name)) == set(PLACEHOLDERS)
    for name, text in texts.items():
        assert set(re.findall(r"{(\w+)}", text)) == PLACEHOLDERS[name], (language, name)


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("de", "de"),
        ("de-CH", "de"),
        ("pt-BR", "pt-BR"),
        ("pt_br", "pt-BR"),
        ("pt-AO", "pt"),
        ("zh-TW", "zh"),
        ("nn", "nb"),
        ("tlh", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_language_that_is_missing_has_a_stand_in(asked: str | None, served: str):
    assert nearest(asked) == served


def test_values_are_filled_in():
    assert prompt("described", "de", model="some/model") == "Beschrieben von some/model"
    assert "höchstens 900 Zeichen" in prompt("picture", "de", limit=900)
