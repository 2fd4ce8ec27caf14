"""Frozen, keyword-only records: the types that every start of the probe needs.

To a reader and to mypy a ``Record`` is a ``dataclass(frozen=True, kw_only=True)``. It is none, for
``dataclasses`` imports ``inspect`` and compiles the methods of each class anew whenever a program
starts. Its import alone takes a start from 14.1 to 26.3 ms (medians of 25, ``re`` imported in both,
two cores). A type that only one sub-command needs is a dataclass.
"""

from typing import ClassVar, Never, TypeVar, dataclass_transform

R = TypeVar("R", bound="Record")


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """Base of records: each annotated name of a class is a field, its value there the default."""

    # In order; the default, or ``...`` where there is none.
    _fields: ClassVar[dict[str, object]] = {}
    _required: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        own = {name: cls.__dict__.get(name, ...) for name in cls.__annotations__}
        for name, default in own.items():
            if default.__class__.__hash__ is None:
                raise TypeError(f"{cls.__name__}.{name}: all records would share this default")
        cls._fields = cls._fields | own
        cls._required = frozenset(name for name, value in cls._fields.items() if value is ...)

    def __init__(self, **values: object) -> None:
        fields = self._fields | values
        if len(fields) > len(self._fields) or not self._required <= values.keys():
            wrong = sorted((values.keys() - self._fields) | (self._required - values.keys()))
            raise TypeError(f"{type(self).__name__}: unknown or missing: {', '.join(wrong)}")
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: Never) -> Never:
        raise AttributeError(f"{type(self).__name__}.{name} is frozen")

    def __delattr__(self, name: str) -> Never:
        raise AttributeError(f"{type(self).__name__}.{name} is frozen")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({fields})"


def replace(record: R, **changes: object) -> R:
    """A copy with some fields changed. Raises ``TypeError`` for a name that is no field."""
    return type(record)(**vars(record) | changes)
