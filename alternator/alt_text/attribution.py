"""Tells a description that this program wrote, by the line that names the model below it."""

import re
from functools import cache
from typing import Literal, get_args

from alternator.alt_text.part import BETWEEN
from alternator.alt_text.prompts import table

Attribution = Literal["described", "transcribed", "shortened"]
# What stands for a model's name in a line.
SOME_NAME = r".{1,200}"


def is_attributed(description: str) -> bool:
    """Whether a description ends with an attribution, in any language of the prompts.

    Nothing that matters may hang on it: a person can write the same.
    """
    _, gap, line = description.strip().rpartition("\n\n")
    return bool(gap) and attributions().fullmatch(line) is not None


@cache
def attributions() -> re.Pattern[str]:
    """All attributions of the table."""
    lines = {texts[name] for texts in table().values() for name in get_args(Attribution)}
    line = f"(?:{'|'.join(map(pattern_of, sorted(lines)))})"
    return re.compile(f"{line}(?:{re.escape(BETWEEN)}{line})?")


def pattern_of(line: str) -> str:
    """The expression that an attribution fits with any names of models."""
    return SOME_NAME.join(re.escape(part) for part in re.split(r"\{\w+\}", line))
