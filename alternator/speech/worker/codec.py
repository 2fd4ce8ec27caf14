"""Frozen dataclasses as JSON and back, every field checked against its type.

Knows what the frames of ``protocol.py`` are made of: texts, numbers, booleans, paths, literals,
optional values, tuples of one type, dataclasses, and our errors, which travel by class and message.
"""

import dataclasses
import json
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from alternator.errors import (
    AlternatorError,
    ConfigError,
    DecoderError,
    MediaError,
    ModelError,
    NoAudioError,
    OutOfMemoryError,
    SpeechServerAwayError,
    SpeechServerError,
    TemporaryError,
    UnsupportedError,
    WorkerError,
)
from alternator.speech.engines.engine import CancelledRequestError

T = TypeVar("T")

ERRORS: dict[str, type[AlternatorError]] = {
    cls.__name__: cls
    for cls in (
        AlternatorError,
        CancelledRequestError,
        ConfigError,
        DecoderError,
        MediaError,
        ModelError,
        NoAudioError,
        OutOfMemoryError,
        SpeechServerAwayError,
        SpeechServerError,
        UnsupportedError,
        WorkerError,
    )
}


class ShapeError(Exception):
    """A value is not what its type says."""


def to_json(value: object, **also: str) -> str:
    """A dataclass as a JSON object, with further texts in it."""
    return json.dumps(also | _plain(value), default=_plain)


def from_json(cls: type[T], raw: object) -> T:
    """A dataclass of what json.loads gave. ShapeError if it is something else."""
    value: T = _read(cls, raw, cls.__name__)
    return value


# From here on Any is what json and typing give: raw values, and hints, which have no type.


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, AlternatorError):
        # An engine may have errors of its own, which the other side does not know.
        known = (cls.__name__ for cls in type(value).__mro__ if cls.__name__ in ERRORS)
        told = {"kind": next(known), "message": str(value)}
        if isinstance(value, TemporaryError) and issubclass(ERRORS[told["kind"]], TemporaryError):
            return told | {"retry_after": value.retry_after}
        return told
    raise TypeError(f"{value!r} is nothing that a frame can hold")


def _read(hint: Any, raw: Any, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        (inner,) = (argument for argument in arguments if argument is not NoneType)
        return None if raw is None else _read(inner, raw, where)
    if origin is tuple:
        if not isinstance(raw, list):
            raise ShapeError(f"{where} is no list")
        return tuple(_read(arguments[0], item, where) for item in raw)
    if origin is Literal:
        if raw not in arguments:
            raise ShapeError(f"{where} is none of {arguments}")
        return raw
    if dataclasses.is_dataclass(hint):
        return _read_fields(hint, raw, where)
    if hint is AlternatorError:
        return _read_error(raw, where)
    if hint is Path:
        return Path(_read(str, raw, where))
    # A whole number is a number too, and stays what it is; a boolean is none.
    if type(raw) is not hint and not (hint is float and type(raw) is int):
        raise ShapeError(f"{where} is no {hint.__name__}")
    return raw


def _read_fields(cls: Any, raw: Any, where: str) -> Any:
    hints = _hints(cls)
    if not isinstance(raw, dict) or raw.keys() != hints.keys():
        raise ShapeError(f"{where} has not the keys {', '.join(hints)}")
    return cls(**{name: _read(hints[name], raw[name], f"{where}.{name}") for name in hints})


def _read_error(raw: Any, where: str) -> AlternatorError:
    if not isinstance(raw, dict) or raw.get("kind") not in ERRORS:
        raise ShapeError(f"{where} is no known error")
    kind, message = ERRORS[raw["kind"]], _read(str, raw.get("message"), where)
    if issubclass(kind, TemporaryError):
        return kind(message, retry_after=_read(float | None, raw.get("retry_after"), where))
    return kind(message)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)
