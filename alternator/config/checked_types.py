"""The settings' types as Pydantic checks them: a key's annotation with its bounds and its form.

From a file a value must be of its type: TOML has types. A variable is text, which is read.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Strict, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from alternator.config.keys import Form, Key, below_home, inner

__all__ = ["ADDRESS_ALONE", "ValidationError", "annotated", "checker_of"]

# The code of an address that may hold a password.
ADDRESS_ALONE = "address_alone"
TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")


@lru_cache(maxsize=512)
def checker_of(hint: object, key: Key, from_variable: bool) -> "TypeAdapter[object]":
    """What checks one key's values: of a file, or the text of variables."""
    return TypeAdapter(annotated(hint, key, from_variable=from_variable))


# The types are made while the program runs, which has no narrower type than Any.
def annotated(hint: object, key: Key, *, from_variable: bool = False) -> Any:
    """The annotation of a field with all that is asked of its value."""
    if NoneType in get_args(hint):
        checked = annotated(inner(hint), key, from_variable=from_variable)
        return Annotated[checked | None, BeforeValidator(unset)]
    if get_origin(hint) is Literal:
        return Annotated[hint, BeforeValidator(lowered)]
    if hint is bool:
        return Annotated[bool, BeforeValidator(stripped) if from_variable else Strict()]
    if hint is int or hint is float:
        finite = False if hint is float else None
        bounds = Field(ge=key.minimum, le=key.maximum, allow_inf_nan=finite)
        return Annotated[hint, bounds] if from_variable else Annotated[hint, bounds, Strict()]
    if hint == tuple[str, ...]:
        return listed(key, from_variable)
    text = Annotated[str, Strict(), BeforeValidator(stripped)]
    if hint is Path:
        return Annotated[text, AfterValidator(below_home)]
    assert hint is str
    return Annotated[text, AfterValidator(CHECKS[key.form])] if key.form in CHECKS else text


def listed(key: Key, from_variable: bool) -> Any:
    """A list of strings: each once, and in small letters, where only some may stand in it."""
    item: Any = Annotated[str, Strict()]
    if key.form in CHECKS:
        item = Annotated[item, BeforeValidator(stripped), AfterValidator(CHECKS[key.form])]
    # A list that says which of several is meant must name one, unless its key says otherwise.
    fewest = 1 if key.choices and key.minimum is None else 0
    if key.choices:
        item = Annotated[Literal[key.choices], BeforeValidator(lowered)]
    found: Any = Annotated[list[item], Field(min_length=fewest)]
    if from_variable:
        found = Annotated[found, BeforeValidator(split)]
    return Annotated[found, AfterValidator(each_once if key.choices else tuple)]


def unset(raw: object) -> object:
    """None for what says that a key is not set."""
    return None if raw in ("", "auto") else raw


def stripped(raw: object) -> object:
    """A text without the space around it."""
    return raw.strip() if isinstance(raw, str) else raw


def lowered(raw: object) -> object:
    """A text in small letters: capitals do not matter."""
    return raw.strip().lower() if isinstance(raw, str) else raw


def split(raw: str) -> list[str]:
    """A variable's list, which commas separate."""
    return [item.strip() for item in raw.split(",") if item.strip()]


def each_once(items: list[str]) -> tuple[str, ...]:
    """The items in their order, each once."""
    return tuple(dict.fromkeys(items))


def address(text: str) -> str:
    """An address without a slash at its end; without a scheme it is ``https``.

    One with a password in it is refused: addresses are shown, and kept in the state.
    """
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if usable and ("@" in parts.netloc or parts.query or parts.fragment):
        raise PydanticCustomError(ADDRESS_ALONE, "an address alone")
    if not usable or re.search(r"\s", text):
        raise ValueError("no address")
    return text.rstrip("/")


def time_of_day(text: str) -> str:
    """A time as HH:MM."""
    if not TIME_OF_DAY.fullmatch(text):
        raise ValueError("no time of day")
    return text


def named(text: str) -> str:
    """A text that is not empty."""
    if not text:
        raise ValueError("empty")
    return text


CHECKS: dict[Form, Callable[[str], str]] = {"url": address, "time": time_of_day, "model": named}
