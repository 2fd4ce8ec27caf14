"""The schema is made from types, and the committed one is current."""

from typing import Literal, TypedDict

import pytest

from tools import report_schema
from tools.report_schema import Schema, schema_of


class Leaf(TypedDict):
    """A leaf."""

    colours: list[Literal["red", "green"]]
    size: int | None
    names: dict[str, str]


def test_a_typed_dictionary_becomes_a_definition():
    definitions: dict[str, Schema] = {}
    assert schema_of(Leaf, definitions) == {"$ref": "#/$defs/Leaf"}
    assert definitions["Leaf"] == {
        "description": "A leaf.",
        "type": "object",
        "properties": {
            "colours": {"type": "array", "items": {"enum": ["red", "green"]}},
            "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "names": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["colours", "size", "names"],
    }


def test_a_type_without_a_word_in_json_is_an_error():
    with pytest.raises(TypeError, match="no JSON Schema"):
        schema_of(set[int], {})


def test_the_committed_schema_is_current(tmp_path, monkeypatch, capsys):
    assert report_schema.main(["--check"]) == 0
    monkeypatch.setattr(report_schema, "DOCUMENT", tmp_path / "schema.json")
    assert report_schema.main(["--check"]) == 1
    assert "python -m tools.report_schema" in capsys.readouterr().err
    assert report_schema.main([]) == 0
    assert report_schema.main(["--check"]) == 0
