"""JSON that others wrote: each value is what it should be, or nothing. Never an exception."""

import json
from collections.abc import Iterator


def values_in(text: str, opening: str) -> Iterator[object]:
    """The values that begin at the first of each of the ``opening`` brackets, by position.

    Tools print warnings before their JSON, and some print more behind it.
    """
    starts = (position for mark in opening if (position := text.find(mark)) >= 0)
    for start in sorted(starts):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield value


def as_object(value: object) -> dict[str, object]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """The value if it is a text."""
    return value if isinstance(value, str) else None


def as_int(value: object) -> int | None:
    """The value if it is a whole number; ``true`` is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
