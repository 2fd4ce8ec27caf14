import itertools
import re
import unicodedata
from typing import get_args

import pytest

from alternator.alt_text.prompts import Name, nearest, prompt, table

PLACEHOLDERS = {
    "picture": {"limit"},
    "moving": {"limit"},
    "video": {"limit"},
    "long": {"limit"},
    "summary": {"limit"},
    "described": {"model"},
    "transcribed": {"model"},
    "shortened": {"model", "text_model"},
    "speaker": {"number"},
    "said": {"text"},
    "music": set(),
    "sound": set(),
    "silence": set(),
    "context": set(),
    "names": {"names"},
    "again": set(),
}


# What the bot asked in that this one takes the place of, by its own codes.
# https://github.com/rmoriz/alternator/blob/main/src/language.rs
FORMER = (
    "bg bs cs cy da de el en es et fi fr ga gd gsw he hi hr hu id is it ja la lt lv nds nl no pl "
    "pt pt-br rm ro ru sk sl sr sv uk yi zh-cn zh-tw"
)
# By the letters that most of a text's are of: the first word of their names in Unicode.
SCRIPTS = {
    "bg": "CYRILLIC",
    "ru": "CYRILLIC",
    "sr": "CYRILLIC",
    "uk": "CYRILLIC",
    "el": "GREEK",
    "he": "HEBREW",
    "yi": "HEBREW",
    "hi": "DEVANAGARI",
    "ja": "CJK HIRAGANA KATAKANA",
    "ko": "HANGUL",
    "zh": "CJK",
    "zh-TW": "CJK",
}
# What two languages that are close may say alike: a line that names a model, a word or two.
SHORT = {"described", "transcribed", "shortened", "speaker", "said", "music", "sound", "silence"}


def test_no_language_is_lost():
    named = (
        "bg bs cs cy da de el en es et fi fr ga gd gsw he hi hr hu id is it ja ko la lt lv nb nds "
        "nl pl pt pt-BR rm ro ru sk sl sr sv tr uk yi zh zh-TW"
    )
    assert sorted(table()) == named.split()


@pytest.mark.parametrize("language", FORMER.split())
def test_every_language_of_the_former_bot_is_there(language: str):
    served = nearest(language).lower()
    assert served == {"no": "nb", "zh-cn": "zh"}.get(language, language)


@pytest.mark.parametrize("language", sorted(table()))
def test_every_text_is_in_the_letters_of_its_language(language: str):
    scripts = SCRIPTS.get(language, "LATIN").split()
    for name, text in table()[language].items():
        letters = [letter for letter in re.sub(r"{\w+}", "", text) if letter.isalpha()]
        own = [letter for letter in letters if unicodedata.name(letter).split()[0] in scripts]
        assert len(own) >= 0.95 * len(letters) > 0, (language, name)


def test_no_text_was_left_in_another_language():
    """No two languages share a text, but for lines of a word or two; none shares a sentence."""
    for name in get_args(Name):
        texts = [table()[language][name] for language in table()]
        if name not in SHORT:
            assert len(set(texts)) == len(texts), name
    english = table()["en"]
    others = [language for language in table() if language != "en"]
    same = [(other, name) for other in others for name in english]
    same = [(other, name) for other, name in same if table()[other][name] == english[name]]
    assert same == [("fr", "silence")]  # the word is the same
    for one, other in itertools.combinations(sorted(table()), 2):
        shared = sentences(one) & sentences(other)
        assert not shared, (one, other)


def sentences(language: str) -> set[str]:
    """The sentences of a language's long texts."""
    texts = [text for name, text in table()[language].items() if name not in SHORT]
    parts = itertools.chain.from_iterable(re.split(r"(?<=[.。।])\s*", text) for text in texts)
    return {part for part in parts if len(part) > 40}


@pytest.mark.parametrize("language", sorted(table()))
def test_a_label_ends_before_its_text_and_no_text_has_blanks_around_it(language: str):
    texts = table()[language]
    assert texts["said"].endswith("{text}") and texts["context"][-1] in ":："
    for name, text in texts.items():
        assert text == text.strip() and "  " not in text and "\n" not in text, name
        assert unicodedata.normalize("NFC", text) == text or language == "yi", name
    for name in (
        "music",
        "sound",
        "silence",
        "again",
        "names",
        "picture",
        "moving",
        "video",
        "long",
    ):
        assert texts[name][-1] in ".。।", (language, name)


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
        ("zh-TW", "zh-TW"),
        ("zh-Hant", "zh-TW"),
        ("nn", "nb"),
        ("zh-HK", "zh-TW"),
        ("sr-Latn", "sr"),
        ("iw", "he"),
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
