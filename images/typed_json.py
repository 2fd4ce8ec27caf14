"""JSON from another process, held to the type that we have for it.

The type is the contract: a ``TypedDict`` of texts, numbers, closed sets, lists, tuples and
dictionaries. Keys that the type does not have may stand in the value.
"""

from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

Shape = TypeVar("Shape")
WORDS: dict[object, str] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    NoneType: "null",
    list: "a list",
    dict: "an object",
}


class ShapeError(ValueError):
    """A value is not of its type; the message says where and why."""


def typed(shape: type[Shape], value: object, name: str) -> Shape:
    """The value as an object of ``shape``, a TypedDict; ``name`` is what an error calls it.

    Where the type has a tuple, a list becomes one. Raises ``ShapeError`` for the first part that
    is not as the type says, ``TypeError`` for a type that JSON has no word for.
    """
    return cast(Shape, _read(shape, value, name))


def _read(kind: object, value: object, place: str) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (str, int, bool, NoneType):
        return _exactly(kind, value, place)
    if origin is Literal:
        return _one_of(arguments, value, place)
    if origin in (Union, UnionType):
        return _either(arguments, value, place)
    if origin is list:
        entries = _list(value, place)
        return [_read(arguments[0], part, f"{place}[{at}]") for at, part in enumerate(entries)]
    if origin is tuple:
        entries = _list(value, place)
        if len(entries) != len(arguments):
            raise ShapeError(f"{place} has {len(entries)} parts, not {len(arguments)}")
        return tuple(
            _read(part_kind, part, f"{place}[{at}]")
            for at, (part_kind, part) in enumerate(zip(arguments, entries, strict=True))
        )
    if origin is dict and arguments[0] is str:
        named = _object(value, place)
        return {key: _read(arguments[1], part, f"{place}.{key}") for key, part in named.items()}
    if isinstance(kind, type) and is_typeddict(kind):
        return _typed_object(kind, value, place)
    raise TypeError(f"{kind}: JSON has no word for it")


def _typed_object(kind: type, value: object, place: str) -> dict[str, object]:
    whole = _object(value, place)
    required: frozenset[str] = vars(kind)["__required_keys__"]  # every TypedDict has it
    if missing := sorted(required - whole.keys()):
        raise ShapeError(f"{place} has no {missing[0]}")
    hints = {key: hint for key, hint in get_type_hints(kind).items() if key in whole}
    return whole | {key: _read(hint, whole[key], f"{place}.{key}") for key, hint in hints.items()}


def _exactly(kind: object, value: object, place: str) -> object:
    if type(value) is not kind:  # isinstance would take true for a number
        raise ShapeError(f"{place} is not {WORDS[kind]}")
    return value


def _one_of(known: tuple[object, ...], value: object, place: str) -> object:
    for member in known:
        if member == value and type(member) is type(value):
            return member
    raise ShapeError(f"{place} is {value!r}, none of {', '.join(map(str, known))}")


def _either(kinds: tuple[object, ...], value: object, place: str) -> object:
    errors = []
    for kind in kinds:
        try:
            return _read(kind, value, place)
        except ShapeError as error:
            errors.append(str(error))
    raise ShapeError("; ".join(errors))


def _list(value: object, place: str) -> list[object]:
    return cast(list[object], _exactly(list, value, place))


def _object(value: object, place: str) -> dict[str, object]:
    return cast(dict[str, object], _exactly(dict, value, place))
