"""Request parameters as Rails reads them: query, form and JSON become one nested dictionary."""

import json
import re
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from sandbox.errors import RefusedError

FALSE_WORDS = {"0", "f", "F", "false", "FALSE", "off", "OFF"}


async def read_params(request: Request) -> dict[str, Any]:
    """The parameters of a request; values are strings, ``UploadFile`` or what the JSON holds.

    Raises:
        RefusedError: 400, when a JSON body is no JSON object.
    """
    pairs: list[tuple[str, Any]] = list(request.query_params.multi_items())
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        body = await request.body()
        try:
            document = json.loads(body) if body else {}
        except ValueError as error:
            raise RefusedError(400, "Error occurred while parsing request parameters") from error
        if not isinstance(document, dict):
            raise RefusedError(400, "Error occurred while parsing request parameters")
        return nest(pairs) | document
    if content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.form()
        pairs += form.multi_items()
    return nest(pairs)


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Rails' reading of form names.

    ``a[]`` is an element of a list, ``a[b]`` a key of a dictionary, and ``a[][b]`` a key of the
    list's last dictionary, or of a new one when the last one has that key already.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+|\[\]", name) or [name]
        place(root, first, rest, value)
    return root


def place(node: dict[str, Any], key: str, rest: list[str], value: Any) -> None:
    """Put ``value`` under ``key`` of ``node``, along the remaining parts of its form name."""
    if not rest:
        node[key] = value
    elif rest[0] != "[]":
        child = node.setdefault(key, {})
        place(child, rest[0], rest[1:], value)
    else:
        items = node.setdefault(key, [])
        if len(rest) == 1:
            items.append(value)
            return
        if not items or rest[1] in items[-1]:
            items.append({})
        place(items[-1], rest[1], rest[2:], value)


def text(params: dict[str, Any], key: str) -> str | None:
    """A text parameter; None when it is missing or null."""
    value = params.get(key)
    return None if value is None or isinstance(value, UploadFile) else str(value)


def flag(value: Any) -> bool:
    """Rails' idea of a boolean: missing, empty and the words for no are false."""
    if isinstance(value, str):
        return value != "" and value not in FALSE_WORDS
    return bool(value)


def items(params: dict[str, Any], key: str) -> list[Any]:
    """A list parameter; empty when it is missing or no list."""
    value = params.get(key)
    return value if isinstance(value, list) else []


def number(params: dict[str, Any], key: str, default: int) -> int:
    """A whole number; ``default`` when it is missing or no number."""
    try:
        return int(params.get(key, default))
    except (TypeError, ValueError):
        return default
