"""What the languages that descriptions can be in call themselves."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from alternator.alt_text.prompts import table


@cache
def language_names() -> Mapping[str, str]:
    """By the names of ``prompts.toml``, in the order of the alphabet; a name is its own where it is
    in no table."""
    text = files("alternator.members").joinpath("names.toml").read_text(encoding="utf-8")
    known = tomllib.loads(text)
    found = {code: str(known.get(code, code)) for code in table()}
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))
