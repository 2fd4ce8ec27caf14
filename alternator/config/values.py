"""One configuration value: what a key asks for, and how what stands there becomes a typed value."""

import re
from collections.abc import Mapping
from dataclasses import Field, dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NoReturn, get_args, get_origin
from urllib.parse import urlsplit

from alternator.errors import ConfigError

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

Form = Literal["text", "url", "time", "model"]


@dataclass(frozen=True, kw_only=True)
class Value:
    """A raw value and where it stands, for messages.

    What TOML gives is of any type; a variable's text is still to be read.
    """

    raw: object
    origin: str
    from_variable: bool = False

    @property
    def text(self) -> str:
        """The raw value of a variable, '' for what stands in a file."""
        return self.raw if self.from_variable and isinstance(self.raw, str) else ""


@dataclass(frozen=True, kw_only=True)
class Key:
    """What the loader knows of a key beside its name, its type and its default.

    ``help`` stands in docs/configuration.md; a ``secret`` is never printed and can also be read
    from a file; ``minimum`` and ``maximum`` bound a number; ``form`` checks a string;
    ``choices`` are what a list may hold, if not anything; ``unused`` says why a key of the Rust
    bot has no effect here.
    """

    help: str
    required: bool = False
    secret: bool = False
    minimum: float | None = None
    maximum: float | None = None
    form: Form = "text"
    choices: tuple[str, ...] = ()
    unused: str = ""


# size: one parameter for each thing that can be said of a key: the settings read as a list of keys.
def key(
    help: str,
    *,
    required: bool = False,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    form: Form = "text",
    choices: tuple[str, ...] = (),
    unused: str = "",
) -> Mapping[str, Key]:
    """The metadata of a dataclass field that is a key."""
    return {
        "key": Key(
            help=help,
            required=required,
            secret=secret,
            minimum=minimum,
            maximum=maximum,
            form=form,
            choices=choices,
            unused=unused,
        )
    }


def key_of(field: "Field[Any]") -> Key:
    """What is known of the key that a field of the settings stands for."""
    found = field.metadata["key"]
    assert isinstance(found, Key)
    return found


def below_home(path: str) -> Path:
    """The path with ``~`` as this user's home directory; ConfigError if there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # a numeric user of a container, without HOME
        raise ConfigError(
            f"{path}: this user has no home directory; set HOME, or [state] directory and "
            f"[whisper] model_dir to absolute paths"
        ) from None


def convert(value: Value, hint: object, key: Key) -> object:
    """The raw value as the type that a field's annotation names. ConfigError if it is none."""
    if NoneType in get_args(hint):
        if value.raw in ("", "auto"):
            return None
        hint = next(kind for kind in get_args(hint) if kind is not NoneType)
    if get_origin(hint) is Literal:
        return convert_choice(value, get_args(hint), key)
    if hint is bool:
        return convert_bool(value, key)
    if hint is int:
        return convert_number(value, int, key)
    if hint is float:
        return convert_number(value, float, key)
    if hint is str:
        return convert_text(value, key)
    if hint is Path:
        return below_home(convert_text(value, key))
    assert hint == tuple[str, ...]
    return convert_list(value, key)


def convert_choice(value: Value, choices: tuple[str, ...], key: Key) -> str:
    """One of the choices; capitals do not matter."""
    lowered = value.raw.lower() if isinstance(value.raw, str) else None
    if lowered not in choices:
        wrong(value, f"must be one of {', '.join(choices)}", key)
    return lowered


def convert_bool(value: Value, key: Key) -> bool:
    """true or false; a variable may also say yes, no, on, off, 1 or 0."""
    if value.text.lower() in TRUE + FALSE:
        return value.text.lower() in TRUE
    if not isinstance(value.raw, bool):
        wrong(value, "must be true or false", key)
    return value.raw


def convert_number(value: Value, kind: type[int] | type[float], key: Key) -> float:
    """A whole number, or any for ``float``, within the key's bounds."""
    said = "must be a whole number" if kind is int else "must be a number"
    if key.minimum is not None and key.maximum is not None:
        said += f" from {key.minimum:g} to {key.maximum:g}"
    elif key.minimum is not None:
        said += f", at least {key.minimum:g}"
    number = value.raw
    if value.from_variable:
        pattern = r"[+-]?\d+" if kind is int else r"[+-]?(\d+(\.\d*)?|\.\d+)"
        number = kind(value.text) if re.fullmatch(pattern, value.text.strip()) else None
    allowed = int if kind is int else (int, float)
    if not isinstance(number, allowed) or isinstance(number, bool):
        wrong(value, said, key)
    # Written so that "not a number" is out of all bounds.
    too_small = key.minimum is not None and not number >= key.minimum
    if too_small or (key.maximum is not None and not number <= key.maximum):
        wrong(value, said, key)
    return kind(number)


def convert_text(value: Value, key: Key) -> str:
    """A string, checked for the form that the key asks for."""
    if not isinstance(value.raw, str):
        wrong(value, "must be a string in quotation marks", key)
    text = value.raw.strip()
    if key.form == "time" and not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", text):
        wrong(value, "must be a time of day as HH:MM", key)
    if key.form == "model" and not text:
        wrong(value, "must be the name of a model", key)
    if key.form == "url":
        return convert_url(value, text, key)
    return text


def convert_url(value: Value, text: str, key: Key) -> str:
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
        raise ConfigError(
            f"{value.origin} must be an address alone: no user or password (what stands before an "
            f"@), and nothing from ? or # on; keys and tokens have keys of their own"
        )
    if not usable or re.search(r"\s", text):
        wrong(value, "must be an address like https://social.example", key)
    return text.rstrip("/")


def convert_list(value: Value, key: Key) -> tuple[str, ...]:
    """Strings: a list in the file, separated by commas in a variable; each once where chosen."""
    if value.from_variable:
        items = [item.strip() for item in value.text.split(",") if item.strip()]
    elif isinstance(value.raw, list) and all(isinstance(item, str) for item in value.raw):
        items = value.raw
    else:
        wrong(value, "must be a list of strings", key)
    if not key.choices:
        return tuple(items)
    chosen = dict.fromkeys(item.strip().lower() for item in items)
    if not chosen or not chosen.keys() <= set(key.choices):
        wrong(value, f"must be a list of some of {', '.join(key.choices)}", key)
    return tuple(chosen)


def wrong(value: Value, said: str, key: Key) -> NoReturn:
    """Raise ConfigError; what stands there is shown unless a secret is, or may be, in it."""
    shown = "a value of another type" if key.secret else repr(value.raw)
    if key.form == "url" and any(mark in shown for mark in "@?#"):
        shown = "what stands there (it may hold a password)"
    raise ConfigError(f"{value.origin} {said}, not {shown}")
