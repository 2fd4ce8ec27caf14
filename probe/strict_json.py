"""JSON that must be as the format says: every reader raises ``DamagedError`` that names the value.

``what`` is what the message calls the value.
"""

from collections.abc import Callable
from typing import TypeVar

from probe.foreign_json import as_int

T = TypeVar("T")


class DamagedError(ValueError):
    """A value of the file is not what it should be."""


def an_object(value: object, what: str) -> dict[str, object]:
    """The value, an object."""
    if not isinstance(value, dict):
        raise DamagedError(f"{what} is no object")
    return value


def a_list(value: object, what: str) -> list[object]:
    """The value, a list."""
    if not isinstance(value, list):
        raise DamagedError(f"{what} is no list")
    return value


def a_text(value: object, what: str) -> str:
    """The value, a text."""
    if not isinstance(value, str):
        raise DamagedError(f"{what} is no text")
    return value


def a_text_or_none(value: object, what: str) -> str | None:
    """The value, a text or null."""
    return None if value is None else a_text(value, what)


def an_int(value: object, what: str) -> int:
    """The value, a whole number."""
    number = as_int(value)
    if number is None:
        raise DamagedError(f"{what} is no whole number")
    return number


def a_bool(value: object, what: str) -> bool:
    """The value, true or false."""
    if not isinstance(value, bool):
        raise DamagedError(f"{what} is neither true nor false")
    return value


def one_of(known: tuple[T, ...], value: object, what: str) -> T:
    """That of the known values which it is."""
    for name in known:
        if name == value:
            return name
    raise DamagedError(f"{what} is {value!r}, none of {', '.join(map(str, known))}")


def texts(value: object, what: str) -> list[str]:
    """The value, a list of texts."""
    return [a_text(entry, what) for entry in a_list(value, what)]


def lines(value: object, what: str) -> str | None:
    """A text as its lines, or as one; None for null."""
    return value if value is None or isinstance(value, str) else "\n".join(texts(value, what))


def by_name(data: dict[str, object], key: str, read: Callable[[object, str], T]) -> dict[str, T]:
    """The object at a key, each of its values read; empty where there is none."""
    entries = an_object(data.get(key, {}), key)
    return {name: read(value, f"{key}.{name}") for name, value in entries.items()}
