"""One configuration value: how what stands there becomes what the key asks for.

Pydantic judges (``checked_types.py``); what it says is worded here, so that a message names the
place and the remedy in the words of this project.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, get_args, get_origin

from alternator.config.keys import Form, Key, below_home, inner, key, key_of
from alternator.errors import ConfigError

__all__ = ["Form", "Key", "Value", "below_home", "convert", "key", "key_of"]

# What a string of each form must be.
FORMS: Mapping[Form, str] = {
    "text": "must be a string in quotation marks",
    "url": "must be an address like https://social.example",
    "time": "must be a time of day as HH:MM",
    "model": "must be the name of a model",
}


@dataclass(frozen=True, kw_only=True)
class Value:
    """A raw value and where it stands, for messages.

    What TOML gives is of any type; a variable's text is still to be read.
    """

    raw: object
    origin: str
    from_variable: bool = False


def convert(value: Value, hint: object, key: Key) -> object:
    """The raw value as the type that a field's annotation names. ConfigError if it is none."""
    if isinstance(value.raw, str) and key.form == "text" and hint in (str, Path):
        # Any text will do. A container's health check reads no more than this, every 10 s, also in
        # the universal image, where pydantic comes with the build of torch.
        text = value.raw.strip()
        return below_home(text) if hint is Path else text
    # Pydantic takes 0.1 s to import.
    from alternator.config.checked_types import ADDRESS_ALONE, ValidationError, checker_of

    try:
        found: object = checker_of(hint, key, value.from_variable).validate_python(value.raw)
    except ValidationError as error:
        if any(part["type"] == ADDRESS_ALONE for part in error.errors(include_input=False)):
            raise ConfigError(
                f"{value.origin} must be an address alone: no user or password (what stands "
                f"before an @), and nothing from ? or # on; keys and tokens have keys of their own"
            ) from None
        wrong(value, demand(value, inner(hint), key), key)
    return found


def demand(value: Value, hint: object, key: Key) -> str:
    """What a key asks for, in words that go after its name."""
    if get_origin(hint) is Literal:
        return f"must be one of {', '.join(get_args(hint))}"
    if hint is bool:
        return "must be true or false"
    if hint is int or hint is float:
        said = "must be a whole number" if hint is int else "must be a number"
        if key.minimum is not None and key.maximum is not None:
            return f"{said} from {key.minimum:g} to {key.maximum:g}"
        return said if key.minimum is None else f"{said}, at least {key.minimum:g}"
    if hint == tuple[str, ...]:
        if key.choices and (value.from_variable or is_list_of_strings(value.raw)):
            return f"must be a list of some of {', '.join(key.choices)}"
        if key.form == "url":
            return "must be a list of addresses like https://social.example"
        return "must be a list of strings"
    if not isinstance(value.raw, str):
        return "must be a string in quotation marks"
    return FORMS[key.form]


def is_list_of_strings(raw: object) -> bool:
    """Whether a file's value is a list of strings, whatever they are."""
    return isinstance(raw, list) and all(isinstance(item, str) for item in raw)


def wrong(value: Value, said: str, key: Key) -> NoReturn:
    """Raise ConfigError; what stands there is shown unless a secret is, or may be, in it."""
    shown = "a value of another type" if key.secret else repr(value.raw)
    if key.form == "url" and any(mark in shown for mark in "@?#"):
        shown = "what stands there (it may hold a password)"
    raise ConfigError(f"{value.origin} {said}, not {shown}")
