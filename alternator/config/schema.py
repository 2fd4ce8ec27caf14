"""``alternator config schema``: the JSON Schema of ``alternator.toml``, for editors.

https://json-schema.org/draft/2020-12. How editors find it: docs/configuration.md.
"""

import json
from dataclasses import Field, fields
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from alternator.config.accounts import NAME, TABLE, usual_keys
from alternator.config.checked_types import annotated
from alternator.config.keys import default_of, inner, key_of
from alternator.config.settings import SECTIONS
from alternator.config.source import OTHER_NAMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]


def document() -> str:
    """The schema as JSON text."""
    sections: Schema = {name: schema_of_section(cls) for name, cls in SECTIONS.items()}
    others: Schema = {
        written: {"$ref": f"#/properties/{section}", "deprecated": True}
        for written, section in OTHER_NAMES.items()
    }
    whole = {
        "$schema": DIALECT,
        "title": "alternator.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": sections | others | {TABLE: schema_of_accounts(sections)},
    }
    return json.dumps(whole, indent=2) + "\n"


def schema_of_accounts(sections: Schema) -> Schema:
    """``[[accounts]]``: a server, a token, and what differs of the sections."""
    properties: Schema = {
        "name": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": "Its name."},
        "instance_url": {"type": "string", "description": "The account's server."},
        "token": {"type": "string", "description": "Its token, if not in a file of its own."},
        "token_file": {"type": "string", "description": "The file with its token."},
    }
    for section, keys in usual_keys().items():
        own: Schema = {key: {"$ref": f"#/properties/{section}/properties/{key}"} for key in keys}
        known = sections[section]
        assert isinstance(known, dict)
        properties[section] = known | {"properties": own}
        for written, name in OTHER_NAMES.items():
            if name == section:
                properties[written] = known | {"properties": own, "deprecated": True}
    entry: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "instance_url"],
        "properties": properties,
    }
    return {"type": "array", "items": entry, "description": "Several accounts, each with a token."}


def schema_of_section(cls: type) -> Schema:
    """One section: no key is required, since a variable may set it."""
    hints = get_type_hints(cls)
    return {
        "description": " ".join((cls.__doc__ or "").replace("``", "`").split()),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            field.name: schema_of_key(field, hints[field.name]) for field in fields(cls)
        },
    }


def schema_of_key(field: "Field[Any]", hint: object) -> Schema:
    """One key as a file may have it."""
    key = key_of(field)
    found: Schema = TypeAdapter(annotated(inner(hint), key)).json_schema()
    if NoneType in get_args(hint) and found.get("type") != "string":
        found = {"anyOf": [found, {"enum": ["", "auto"]}]}
    found["description"] = key.help
    if not (key.required or key.secret) and (default := json_of(default_of(field))) is not None:
        found["default"] = default
    return found


def json_of(value: object) -> object:
    """A default as JSON has it, the same on every machine; None where there is none."""
    if isinstance(value, Path):
        home = str(Path.home())
        return str(value).replace(home, "~", 1) if str(value).startswith(home) else str(value)
    return list(value) if isinstance(value, tuple) else value
