"""JSON of others: each value is what it should be, or nothing."""

import pytest

from probe.foreign_json import as_int, as_list, as_object, as_text, as_word, values_in


def test_values_behind_warnings_and_before_more():
    assert [*values_in("WARNING: x\n[1] and {}", "[")] == [[1]]
    assert [*values_in('{"a": 1} [2]', "[{")] == [{"a": 1}, [2]]
    assert [*values_in("[broken {1}", "[{")] == []
    assert [*values_in("", "[{")] == []
    assert [*values_in("[WARN] a\n[WARN] {b}\n[{'x': 1}] [{}] x", "[{")] == [[{}]]
    assert [*values_in('[INFO] {"a": [1]}', "[{")] == [{"a": [1]}]
    assert [*values_in("[x" * 5000 + "{}", "{")] == [{}]
    assert [*values_in("[" * 100_000, "[")] == []


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "x", [1], {"a": 1}])
def test_each_is_itself_or_nothing(value):
    assert as_object(value) == (value if isinstance(value, dict) else {})
    assert as_list(value) == (value if isinstance(value, list) else [])
    assert as_text(value) == (value if isinstance(value, str) else None)
    assert as_int(value) == (value if type(value) is int else None)
    word = str(value) if type(value) is int else value if isinstance(value, str) else None
    assert as_word(value) == word
