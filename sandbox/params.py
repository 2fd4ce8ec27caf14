"""What a client sends, as Rails reads it: query, form and JSON become one nested dictionary.

``Params`` is that dictionary. Its methods check each value where it is read, so that everything
behind them has a type of its own.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.errors import RefusedError

Json = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

# https://api.rubyonrails.org/classes/ActiveModel/Type/Boolean.html
FALSE_WORDS = {"0", "f", "F", "false", "FALSE", "off", "OFF"}
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file of a form, read."""

    name: str
    content: bytes
    media_type: str | None


@dataclass(frozen=True, kw_only=True)
class Params:
    """The parameters of a request; values are strings, ``SentFile`` or what the JSON holds."""

    values: Mapping[str, object] = field(default_factory=dict)

    def __contains__(self, key: str) -> bool:
        """Whether the request names it, be it null."""
        return key in self.values

    def __iter__(self) -> Iterator[str]:
        """The names, in their order."""
        return iter(self.values)

    def get(self, key: str) -> object:
        """A parameter as it came; None when it is missing."""
        return self.values.get(key)

    def text(self, key: str) -> str | None:
        """A text parameter; None when it is missing, null or a file."""
        value = self.values.get(key)
        return None if value is None or isinstance(value, SentFile) else str(value)

    def flag(self, key: str) -> bool:
        """A yes or no, as Rails understands it."""
        return flag(self.values.get(key))

    def number(self, key: str, default: int) -> int:
        """A whole number; ``default`` when it is missing or no number."""
        value = self.values.get(key, default)
        try:
            return int(value) if isinstance(value, int | float | str) else default
        except (ValueError, OverflowError):
            return default

    def seconds(self, key: str) -> float | None:
        """A time in seconds; None when it is missing or no finite number."""
        value = self.values.get(key)
        try:
            found = float(value) if isinstance(value, int | float | str) else None
        except (ValueError, OverflowError):
            return None
        return found if found is not None and abs(found) < float("inf") else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when it is missing or no list."""
        return tuple(str(item) for item in self.items(key))

    def groups(self, key: str) -> list["Params"]:
        """A list of dictionaries; what is none is passed over."""
        return [Params(values=item) for item in self.items(key) if isinstance(item, dict)]

    def group(self, key: str) -> "Params | None":
        """A dictionary; None when it is missing, empty or none."""
        value = self.values.get(key)
        return Params(values=value) if isinstance(value, dict) and value else None

    def file(self, key: str) -> SentFile | None:
        """The uploaded file of a form, if there is one with a name."""
        value = self.values.get(key)
        return value if isinstance(value, SentFile) and value.name else None

    def json(self, key: str) -> Json:
        """Any JSON value; None when it is missing."""
        return json_of(self.values.get(key))

    def items(self, key: str) -> list[object]:
        """A list (or a tuple, from Python); empty when it is missing or none."""
        value = self.values.get(key)
        return list(value) if isinstance(value, list | tuple) else []


async def read_params(request: Request) -> Params:
    """The parameters of a request.

    Raises:
        RefusedError: 400, when a JSON body is no JSON object or form names contradict each other.
    """
    pairs: list[tuple[str, object]] = list(request.query_params.multi_items())
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        return Params(values=nest(pairs) | json_object(await request.body()))
    if content_type in FORM_TYPES:
        async with request.form() as form:
            pairs += [(name, await sent(value)) for name, value in form.multi_items()]
    return Params(values=nest(pairs))


async def sent(value: UploadFile | str) -> SentFile | str:
    """A value of a form; a file is read, since it is gone when the form is closed."""
    if isinstance(value, str):
        return value
    return SentFile(
        name=value.filename or "", content=await value.read(), media_type=value.content_type
    )


def json_object(body: bytes) -> dict[str, Json]:
    """The JSON object of a body; an empty body is an empty one."""
    try:
        document: Json = json.loads(body) if body else {}
    except ValueError as error:
        raise unreadable() from error
    if not isinstance(document, dict):
        raise unreadable()
    return document


def unreadable() -> RefusedError:
    """400, in the words that Rails has for parameters that it can't parse:

    https://api.rubyonrails.org/classes/ActionDispatch/Http/Parameters/ParseError.html
    """
    return RefusedError(400, "Error occurred while parsing request parameters")


def nest(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Rails' reading of form names.

    ``a[]`` is an element of a list, ``a[b]`` a key of a dictionary, and ``a[][b]`` a key of the
    list's last dictionary, or of a new one when the last one has that key already:
    https://github.com/rack/rack/blob/v3.1.0/lib/rack/query_parser.rb

    Raises:
        RefusedError: 400, when one name is used for a value, a list or a dictionary at once.
    """
    root: dict[str, object] = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+|\[\]", name) or [name]
        place(root, first, rest, value)
    return root


def place(node: dict[str, object], key: str, rest: list[str], value: object) -> None:
    """Put ``value`` under ``key`` of ``node``, along the remaining parts of its form name."""
    if not rest:
        node[key] = value
        return
    if rest[0] != "[]":
        child = node.setdefault(key, {})
        if not isinstance(child, dict):
            raise unreadable()
        place(child, rest[0], rest[1:], value)
        return
    items = node.setdefault(key, [])
    if not isinstance(items, list):
        raise unreadable()
    if len(rest) == 1:
        items.append(value)
        return
    last = items[-1] if items else None
    if not isinstance(last, dict) or rest[1] in last:
        last = {}
        items.append(last)
    place(last, rest[1], rest[2:], value)


def flag(value: object) -> bool:
    """Rails' idea of a boolean: missing, empty and the words for no are false."""
    if isinstance(value, str):
        return value != "" and value not in FALSE_WORDS
    return bool(value)


def json_of(value: object) -> Json:
    """A value as JSON has it: what a form sent is text."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list):
        return [json_of(item) for item in value]
    if isinstance(value, dict):
        return {str(key): json_of(item) for key, item in value.items()}
    return str(value)
