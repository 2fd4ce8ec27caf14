"""The texts of ``prompts.toml``: instructions to models, and what stands beside their answers."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, get_args

from alternator.config.file import document_of
from alternator.errors import ConfigError

Name = Literal[
    "picture",
    "moving",
    "video",
    "long",
    "summary",
    "described",
    "transcribed",
    "shortened",
    "speaker",
    "said",
    "music",
    "sound",
    "silence",
    "context",
    "names",
    "again",
]
Texts = Mapping[str, Mapping[str, str]]  # by language and name

FALLBACK = "en"
# Languages that are written as another one that is there.
NEIGHBOURS = {
    "no": "nb",
    "nn": "nb",
    "gl": "pt",
    "ca": "es",
    "be": "ru",
    "yue": "zh",
}
# Tags for the same, more or less: where it is written, https://www.rfc-editor.org/rfc/rfc5646
SAME = {"zh-hant": "zh-tw", "zh-hk": "zh-tw", "zh-mo": "zh-tw", "iw": "he", "in": "id", "ji": "yi"}
PLACEHOLDER = re.compile(r"\{(\w*)\}")


@cache
def table() -> dict[str, dict[str, str]]:
    """All texts, by language and name."""
    text = files("alternator.alt_text").joinpath("prompts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def table_with(file: Path | None) -> Texts:
    """All texts, with those of an operator's file in their place. ConfigError names what is wrong
    with the file."""
    if file is None:
        return table()
    texts = {language: dict(known) for language, known in table().items()}
    for language, section in document_of(file).items():
        if language not in texts:
            raise ConfigError(
                f"{file}: there is no language [{language}]; there are {', '.join(sorted(texts))}"
            )
        if not isinstance(section, dict):
            raise ConfigError(f"{file}: write [{language}] on a line of its own, its texts below")
        for name, text in section.items():
            texts[language][name] = _checked(f"{file}: [{language}] {name}", name, text)
    return texts


def prompt(name: Name, language: str | None, **values: object) -> str:
    """A text in the language of a post (an ISO 639 code such as ``pt-BR``, or None)."""
    return table()[nearest(language)][name].format(**values)


def nearest(language: str | None) -> str:
    """The language of the table that serves for ``language``."""
    return serving(language or FALLBACK) or FALLBACK


def serving(language: str) -> str | None:
    """The same; None where there are no texts in it, nor in one that is written much alike."""
    code = language.replace("_", "-")
    known = {name.lower(): name for name in table()}
    base = code.lower().partition("-")[0]
    for candidate in (SAME.get(code.lower(), code.lower()), base, NEIGHBOURS.get(base)):
        if candidate in known:
            return known[candidate]
    return None


def _checked(where: str, name: str, text: object) -> str:
    """A text of an operator's. ConfigError if it can't be filled in."""
    if name not in get_args(Name):
        raise ConfigError(f"{where}: there is no such text; there are {', '.join(get_args(Name))}")
    if not isinstance(text, str) or not text.strip():
        raise ConfigError(f"{where} must be a text in quotation marks")
    ours = set(PLACEHOLDER.findall(table()[FALLBACK][name]))
    wanted = " and ".join(f"{{{value}}}" for value in sorted(ours)) or "none"
    found = set(PLACEHOLDER.findall(text))
    needed = ours if name == "said" else ours & found
    if not needed <= found <= ours or re.search(r"[{}]", PLACEHOLDER.sub("", text)):
        raise ConfigError(f"{where}: its braces must be those of its placeholders: {wanted}")
    return text
