"""The languages that Whisper knows, for the side that asks: it lives without openai-whisper."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def languages() -> Mapping[str, str]:
    """English names by Whisper's codes, in small letters."""
    table = files("alternator.speech").joinpath("languages.toml").read_text(encoding="utf-8")
    return tomllib.loads(table)


def language_name(code: str) -> str:
    """The English name as it is written: ``German`` for ``de``; the code where it is unknown."""
    return languages().get(code, code).title()
