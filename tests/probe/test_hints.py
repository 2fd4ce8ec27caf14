"""Annotations that mean nothing at run time still have to be evaluated."""

import typing

from probe import hints


def test_every_name_is_one_of_typing():
    assert all(hasattr(typing, name) and hasattr(hints, name) for name in hints.__all__)


def test_annotations_are_evaluated():
    class Holder:
        backend: hints.Literal["cuda", "rocm"] | None = None
        table: hints.ClassVar[dict[str, hints.Any]]
        values: tuple[hints.Any, ...] | str

    assert set(Holder.__annotations__) == {"backend", "table", "values"}
