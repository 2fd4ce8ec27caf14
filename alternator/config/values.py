"""One configuration value: what a key asks for, and how what stands there becomes a typed value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NoReturn, get_args, get_origin
from urllib.parse import urlsplit

from alternator.errors import ConfigError

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, kw_only=True)
class Value:
    """A raw value and where it stands, for messages. Text from a variable is still to be read."""

    raw: Any
    origin: str
    from_variable: bool = False


def key(
    help: str,
    *,
    required: bool = False,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    form: Literal["text", "url", "time", "model"] = "text",
    unused: str = "",
) -> dict[str, Any]:
    """A field's metadata.

    ``help`` stands in docs/configuration.md; a ``secret`` is never printed and can also be read
    from a file; ``minimum`` and ``maximum`` bound a number; ``form`` checks a string; ``unused``
    says why a key of the Rust bot has no effect here.
    """
    return {
        "help": help,
        "required": required,
        "secret": secret,
        "minimum": minimum,
        "maximum": maximum,
        "form": form,
        "unused": unused,
    }


def below_home(path: str) -> Path:
    """The path with ``~`` as this user's home directory; ConfigError if there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # a numeric user of a container, without HOME
        raise ConfigError(
            f"{path}: this user has no home directory; set HOME, or [state] directory and "
            f"[whisper] model_dir to absolute paths"
        ) from None


def convert(value: Value, hint: Any, metadata: Mapping[str, Any]) -> Any:
    """The raw value as the field's type. ConfigError if it is no such thing."""
    if type(None) in get_args(hint):
        if value.raw in ("", "auto"):
            return None
        hint = next(kind for kind in get_args(hint) if kind is not NoneType)
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        lowered = value.raw.lower() if isinstance(value.raw, str) else value.raw
        if lowered not in choices:
            wrong(value, f"must be one of {', '.join(choices)}", metadata)
        return lowered
    if hint is bool:
        return convert_bool(value, metadata)
    if hint in (int, float):
        return convert_number(value, hint, metadata)
    if hint is str:
        return convert_text(value, metadata)
    if hint is Path:
        return below_home(convert_text(value, metadata))
    assert hint == tuple[str, ...]
    items = value.raw
    if value.from_variable:
        items = [item.strip() for item in value.raw.split(",") if item.strip()]
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        wrong(value, "must be a list of strings", metadata)
    return tuple(items)


def convert_bool(value: Value, metadata: Mapping[str, Any]) -> bool:
    """true or false; a variable may also say yes, no, on, off, 1 or 0."""
    if value.from_variable and value.raw.lower() in TRUE + FALSE:
        return value.raw.lower() in TRUE
    if not isinstance(value.raw, bool):
        wrong(value, "must be true or false", metadata)
    return bool(value.raw)


def convert_number(value: Value, kind: type, metadata: Mapping[str, Any]) -> Any:
    """A whole number, or any for ``float``, within the key's bounds."""
    minimum, maximum = metadata.get("minimum"), metadata.get("maximum")
    said = "must be a whole number" if kind is int else "must be a number"
    if minimum is not None and maximum is not None:
        said += f" from {minimum:g} to {maximum:g}"
    elif minimum is not None:
        said += f", at least {minimum:g}"
    number = value.raw
    if value.from_variable:
        pattern = r"[+-]?\d+" if kind is int else r"[+-]?(\d+(\.\d*)?|\.\d+)"
        number = kind(number) if re.fullmatch(pattern, number.strip()) else None
    allowed = (int,) if kind is int else (int, float)
    if not isinstance(number, allowed) or isinstance(number, bool):
        wrong(value, said, metadata)
    too_small = minimum is not None and not number >= minimum
    if too_small or (maximum is not None and not number <= maximum):
        wrong(value, said, metadata)
    return kind(number)


def convert_text(value: Value, metadata: Mapping[str, Any]) -> str:
    """A string, checked for the form that the key asks for."""
    if not isinstance(value.raw, str):
        wrong(value, "must be a string in quotation marks", metadata)
    text: str = value.raw.strip()
    form = metadata.get("form", "text")
    if form == "time" and not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        wrong(value, "must be a time of day as HH:MM", metadata)
    if form == "model" and not text:
        wrong(value, "must be the name of a model", metadata)
    if form == "url":
        if "://" not in text:
            text = f"https://{text}"
        try:
            parts = urlsplit(text)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            usable = False
        if not usable or re.search(r"\s", text):
            wrong(value, "must be an address like https://social.example", metadata)
        text = text.rstrip("/")
    return text


def wrong(value: Value, said: str, metadata: Mapping[str, Any]) -> NoReturn:
    """Raise ConfigError; what stands there is shown unless it is a secret."""
    shown = "a value of another type" if metadata.get("secret") else repr(value.raw)
    raise ConfigError(f"{value.origin} {said}, not {shown}")
