"""Reads the fields of an answer, each of the type that it must have.

A field that is missing or null is None (or false): servers leave out what they do not know. One of
another type is an ``UnexpectedAnswerError``.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from alternator.errors import UnexpectedAnswerError

Fields = Mapping[str, object]


def fields_of(answer: object, what: str) -> Fields:
    """An object's fields. ``what`` it should be is for the message."""
    if not isinstance(answer, Mapping):
        raise UnexpectedAnswerError(f"the server's answer is no {what} but {kind(answer)}")
    return answer


def id_of(fields: Fields, what: str) -> str:
    """The id, which everything has. Mastodon's are digits in a string, others' any text."""
    found = fields.get("id")
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise UnexpectedAnswerError(f"the server's answer is no {what}: it has no id")
    return str(found)


def inner(fields: Fields, key: str) -> Fields:
    """The fields of an object within; none for one that is missing.

    Some servers write an empty object as an empty list.
    """
    found = fields.get(key)
    return {} if found is None or found == [] else fields_of(found, key)


def list_of(fields: Fields, key: str) -> list[object]:
    """A list, which must be there: one that is missing is not one that is empty."""
    found = fields.get(key)
    if not isinstance(found, list):
        raise _wrong(key, "list", found)
    return found


def text_of(fields: Fields, key: str) -> str | None:
    """A text."""
    found = fields.get(key)
    if found is None or isinstance(found, str):
        return found
    raise _wrong(key, "text", found)


def given_text(fields: Fields, key: str) -> str:
    """A text, whose field must be there: one that is missing is not one that is empty."""
    if key not in fields:
        raise _wrong(key, "text", None)
    return text_of(fields, key) or ""


def reference_of(fields: Fields, key: str) -> str | None:
    """The id of something else; None where there is none."""
    found = fields.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise _wrong(key, "id", found)
    return str(found)


def flag_of(fields: Fields, key: str) -> bool:
    """True or false."""
    found = fields.get(key)
    if found is None or isinstance(found, bool):
        return bool(found)
    raise _wrong(key, "boolean", found)


def number_of(fields: Fields, key: str) -> float | None:
    """A number."""
    found = fields.get(key)
    if found is None or (isinstance(found, int | float) and not isinstance(found, bool)):
        return found
    raise _wrong(key, "number", found)


def time_of(fields: Fields, key: str) -> datetime | None:
    """A time with its zone."""
    found = fields.get(key)
    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    text = text_of(fields, key)
    try:
        return None if text is None else parse_time(text)
    except ValueError:
        raise _wrong(key, "time", found) from None


def parse_time(value: str) -> datetime:
    """An ISO 8601 time, in UTC if it names no zone. ValueError if it is none.

    https://docs.joinmastodon.org/api/datetime-format/
    """
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def kind(answer: object) -> str:
    """What came in the place of what was asked for, for a message; never its content."""
    if isinstance(answer, Mapping):
        return "an error" if "error" in answer else "an object"
    names = {list: "a list", str: "a text", type(None): "nothing"}
    return names.get(type(answer), f"of type {type(answer).__name__}")


def _wrong(key: str, wanted: str, found: object) -> UnexpectedAnswerError:
    return UnexpectedAnswerError(
        f"the server's answer is not understood: its {key} is no {wanted} but {kind(found)}"
    )
