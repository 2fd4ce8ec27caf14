"""JSON that must be as the format says."""

import pytest

from probe.strict_json import (
    DamagedError,
    a_bool,
    a_list,
    a_text,
    a_text_or_none,
    an_int,
    an_object,
    by_name,
    lines,
    one_of,
    texts,
)


def test_values_that_are_right_are_themselves():
    assert an_object({"a": 1}, "x") == {"a": 1}
    assert a_list([1], "x") == [1]
    assert (a_text("t", "x"), an_int(3, "x"), a_bool(False, "x")) == ("t", 3, False)
    assert one_of(("a", "b"), "b", "x") == "b"
    assert (lines(None, "x"), lines("t", "x"), lines(["a", "b"], "x")) == (None, "t", "a\nb")
    assert (a_text_or_none(None, "x"), a_text_or_none("t", "x")) == (None, "t")
    assert by_name({"o": {"k": 1}}, "o", an_int) == {"k": 1}
    assert by_name({}, "o", an_int) == {}


@pytest.mark.parametrize("read", [an_object, a_list, a_text, a_text_or_none, an_int, a_bool, texts])
def test_values_that_are_not_are_named(read):
    with pytest.raises(DamagedError, match=r"^the thing is n"):
        read(1.5, "the thing")


def test_the_value_inside_is_named():
    with pytest.raises(DamagedError, match=r"^o\.k is no whole number$"):
        by_name({"o": {"k": True}}, "o", an_int)
    with pytest.raises(DamagedError, match=r"^x is 'c', none of a, b$"):
        one_of(("a", "b"), "c", "x")
