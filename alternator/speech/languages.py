"""The languages that Whisper knows, for the side that asks: it lives without openai-whisper."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

# What openai-whisper also takes for a language's name:
# https://github.com/openai/whisper/blob/v20250625/whisper/tokenizer.py (TO_LANGUAGE_CODE)
ALIASES = {
    "burmese": "my",
    "valencian": "ca",
    "flemish": "nl",
    "haitian": "ht",
    "letzeburgesch": "lb",
    "pushto": "ps",
    "panjabi": "pa",
    "moldavian": "ro",
    "moldovan": "ro",
    "sinhalese": "si",
    "castilian": "es",
    "mandarin": "zh",
}


@cache
def languages() -> Mapping[str, str]:
    """English names by Whisper's codes, in small letters."""
    table = files("alternator.speech").joinpath("languages.toml").read_text(encoding="utf-8")
    return tomllib.loads(table)


def language_name(code: str) -> str:
    """The English name as it is written: ``German`` for ``de``; the code where it is unknown."""
    return languages().get(code, code).title()


def code_of(name: str) -> str | None:
    """Whisper's code for a language's code or English name; ``pt-BR`` counts as ``pt``. None for
    what is no language that it knows."""
    lowered = name.strip().lower().replace("_", "-")
    by_name = {english: code for code, english in languages().items()} | ALIASES
    for candidate in (by_name.get(lowered, lowered), lowered.partition("-")[0]):
        if candidate in languages():
            return candidate
    return None
