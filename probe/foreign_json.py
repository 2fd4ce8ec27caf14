"""JSON that others wrote: each value is what it should be, or nothing. Never an exception."""

import json
import re
from collections.abc import Iterator
from itertools import islice

# No tool puts more before its answer; text that is nothing but brackets must not take minutes.
MOST_BRACKETS = 1000


def values_in(text: str, opening: str) -> Iterator[object]:
    """The values that begin with one of the ``opening`` brackets, one after the other.

    Tools print warnings before their JSON, some of them in brackets (``[WARN] …``), and some print
    more behind it.
    """
    end = 0
    for start in islice(re.finditer(f"[{re.escape(opening)}]", text), MOST_BRACKETS):
        if start.start() < end:
            continue  # inside of the value before
        try:
            value, end = json.JSONDecoder().raw_decode(text, start.start())
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


def as_word(value: object) -> str | None:
    """A text, or a whole number as one: versions of a tool differ in what they put in quotes."""
    number = as_int(value)
    return as_text(value) if number is None else str(number)


def as_int(value: object) -> int | None:
    """The value if it is a whole number; ``true`` is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
