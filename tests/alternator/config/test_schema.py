import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from alternator.config import schema
from alternator.config.settings import SECTIONS, keys_of

SCHEMA = json.loads(schema.document())
EXAMPLE = Path(__file__).parents[3] / "alternator.toml.example"


def test_the_schema_is_one_and_takes_the_example():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")), SCHEMA)


def test_every_key_is_in_it_with_its_meaning():
    for section, cls in SECTIONS.items():
        found = SCHEMA["properties"][section]["properties"]
        assert {name: entry["description"] for name, entry in found.items()} == {
            name: key.help for name, key in keys_of(cls).items()
        }


@pytest.mark.parametrize(
    "text",
    [
        "[wisper]",
        "[whisper]\nmodle = 'a'",
        "[whisper]\ndevice = 'gpu'",
        "[mastodon]\nbackfill_count = 10001",
        "[mastodon]\nvisibilities = []",
        "[vision]\nmax_tokens = 'many'",
    ],
)
def test_an_editor_marks_what_a_start_would_refuse(text: str):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA)


@pytest.mark.parametrize(
    "text", ["[whisper]\nvad = 'auto'", "[whisper]\nvad = true", "[openrouter]\nmodel = 'a'"]
)
def test_an_editor_takes_what_a_start_takes(text: str):
    jsonschema.validate(tomllib.loads(text), SCHEMA)


def test_no_default_is_of_this_machine():
    assert str(Path.home()) not in schema.document()
    state = SCHEMA["properties"]["state"]["properties"]
    assert state["directory"]["default"] == "~/.local/state/alternator"
