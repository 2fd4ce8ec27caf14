"""A value of another process is what its type says, or the first place that errs is named."""

from typing import Any, Literal, NotRequired, TypedDict

import pytest

from images.typed_json import ShapeError, typed
from probe.decide.choose import choose
from probe.facts import Facts, Host
from probe.report.schema import Report, report
from probe.tables.builds import load_table


class Part(TypedDict):
    name: str
    size: int | None
    note: NotRequired[str]


class Whole(TypedDict):
    schema: Literal[1]
    parts: list[Part]
    pairs: list[tuple[str, int]]
    words: dict[str, str]
    good: bool


def whole(**changes: object) -> dict[str, Any]:
    parts = [{"name": "a", "size": 1}, {"name": "b", "size": None, "note": "c"}]
    good = {"schema": 1, "parts": parts, "pairs": [["a", 1]], "words": {"a": "b"}, "good": True}
    return good | changes


def test_a_value_of_the_type_is_taken_and_its_tuples_are_tuples() -> None:
    found = typed(Whole, whole(), "it")
    assert found == {**whole(), "pairs": [("a", 1)]}


def test_keys_that_the_type_does_not_have_may_stand_in_it() -> None:
    assert typed(Whole, whole(later=2), "it") == {**whole(later=2), "pairs": [("a", 1)]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "it.schema is 2, none of 1"),
        ({"schema": True}, "it.schema is True, none of 1"),
        ({"parts": {}}, "it.parts is not a list"),
        ({"parts": [3]}, "it.parts[0] is not an object"),
        ({"parts": [{"name": "a"}]}, "it.parts[0] has no size"),
        (
            {"parts": [{"name": "a", "size": True}]},
            "it.parts[0].size is not a whole number; it.parts[0].size is not null",
        ),
        ({"parts": [{"name": "a", "size": 1, "note": None}]}, "it.parts[0].note is not a text"),
        ({"pairs": [["a"]]}, "it.pairs[0] has 1 parts, not 2"),
        ({"pairs": [["a", "b"]]}, "it.pairs[0][1] is not a whole number"),
        ({"words": {"a": 1}}, "it.words.a is not a text"),
        ({"good": 1}, "it.good is not true or false"),
    ],
)
def test_the_first_place_that_errs_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        typed(Whole, whole(**changes), "it")
    assert str(caught.value) == message


def test_the_probes_report_is_of_its_own_type() -> None:
    facts = Facts(host=Host(arch="x86_64", os="linux"))
    made = report(facts, choose(facts, load_table()))
    assert typed(Report, made, "the report") == made


class Foreign(TypedDict):
    found: set[str]


def test_a_type_that_json_has_no_word_for_is_a_defect() -> None:
    with pytest.raises(TypeError, match="JSON has no word for it"):
        typed(Foreign, {"found": []}, "it")
