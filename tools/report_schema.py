"""Writes docs/report.schema.json: ``python -m tools.report_schema [--check]``.

The JSON Schema of what ``alternator probe --json`` prints, made from its types in
probe/report/schema.py. Keys that are not in it may stand in a report: later versions add some.
``--check`` fails if the file is not current.
"""

import inspect
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from probe.report.schema import Report
from tools.write_or_check import write_or_check

DOCUMENT = Path(__file__).parents[1] / "docs" / "report.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAMES: dict[object, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
    NoneType: "null",
}

Schema = dict[str, object]


def schema_of(kind: object, definitions: dict[str, Schema]) -> Schema:
    """The schema of a type; the typed dictionaries that it names go into ``definitions``.

    Raises ``TypeError`` for a type that JSON has no word for.
    """
    if kind in NAMES:
        return {"type": NAMES[kind]}
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(part, definitions) for part in arguments]}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], definitions)}
    if origin is dict and arguments[0] is str:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], definitions)}
    if isinstance(kind, type) and is_typeddict(kind):
        name = kind.__name__
        if name not in definitions:
            definitions[name] = {}  # a type may name itself
            definitions[name] = _object(kind, definitions)
        return {"$ref": f"#/$defs/{name}"}
    raise TypeError(f"{kind}: no JSON Schema for it")


def _object(kind: type, definitions: dict[str, Schema]) -> Schema:
    hints = get_type_hints(kind)
    return {
        "description": " ".join((inspect.getdoc(kind) or "").replace("``", "`").split()),
        "type": "object",
        "properties": {name: schema_of(hint, definitions) for name, hint in hints.items()},
        "required": [name for name in hints if name in vars(kind)["__required_keys__"]],
    }


def render() -> str:
    """The document."""
    definitions: dict[str, Schema] = {}
    whole = schema_of(Report, definitions)
    document = {
        "$schema": DIALECT,
        "title": "Report of alternator probe --json",
        **whole,
        "$defs": definitions,
    }
    return json.dumps(document, indent=2) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the document, or with --check tell whether it is current."""
    current = write_or_check({DOCUMENT: render()}, "python -m tools.report_schema", argv)
    return int(not current)


if __name__ == "__main__":
    sys.exit(main())
