"""The texts of ``prompts.toml``: instructions to models, and attributions, by language."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

Name = Literal[
    "picture", "moving", "long", "summary", "described", "transcribed", "shortened", "speaker"
]

FALLBACK = "en"
# Languages that are written as another one that is there.
NEIGHBOURS = {"no": "nb", "nn": "nb", "gl": "pt", "ca": "es", "sk": "cs", "be": "ru", "yue": "zh"}


@cache
def table() -> dict[str, dict[str, str]]:
    """All texts, by language and name."""
    text = files("alternator.alt_text").joinpath("prompts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def prompt(name: Name, language: str | None, **values: object) -> str:
    """A text in the language of a post (an ISO 639 code such as ``pt-BR``, or None)."""
    return table()[nearest(language)][name].format(**values)


def nearest(language: str | None) -> str:
    """The language of the table that serves for ``language``."""
    code = (language or FALLBACK).replace("_", "-")
    known = {name.lower(): name for name in table()}
    base = code.lower().partition("-")[0]
    for candidate in (code.lower(), base, NEIGHBOURS.get(base, FALLBACK)):
        if candidate in known:
            return known[candidate]
    return FALLBACK
