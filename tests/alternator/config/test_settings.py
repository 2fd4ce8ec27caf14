import dataclasses
from pathlib import Path
from typing import Any

import pytest

from alternator.config.settings import DEFAULT_FORMATS, SECTIONS, MastodonSettings
from alternator.config.source import variable
from alternator.config.values import key_of
from alternator.media.media_type import SIGNATURES, canonical

DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"
KEYS = [(section, field) for section, cls in SECTIONS.items() for field in dataclasses.fields(cls)]


def default_of(field: "dataclasses.Field[Any]") -> str:
    """A default as the table shows it."""
    if key_of(field).required:
        return "required"
    if field.default_factory is not dataclasses.MISSING:
        return f"`{field.default_factory()}`".replace(str(Path.home()), "~")
    if field.name == "supported_formats":
        return "see below"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{item}`" for item in value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def row_of(section: str, field: "dataclasses.Field[Any]") -> str:
    name = f"`{variable(section, field.name)}`"
    if key_of(field).secret:
        name += f", `{variable(section, field.name)}_FILE`"
    return f"| `{field.name}` | {default_of(field)} | {name} | {key_of(field).help} |"


@pytest.mark.parametrize(("section", "field"), KEYS, ids=[f"{s}.{f.name}" for s, f in KEYS])
def test_the_documentation_has_the_key(section: str, field: "dataclasses.Field[Any]"):
    assert row_of(section, field) in DOCS.read_text(encoding="utf-8").splitlines()


def test_the_documentation_has_no_other_key():
    text = DOCS.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(KEYS)


def test_the_documentation_lists_the_formats():
    text = DOCS.read_text(encoding="utf-8")
    for name in DEFAULT_FORMATS:
        assert f"`{name}`" in text


def test_secrets_are_not_shown():
    settings = MastodonSettings(instance_url="https://social.example", access_token="the-token")
    assert "the-token" not in repr(settings)


def test_every_default_format_can_be_told_by_a_files_content():
    tellable = {
        canonical(name.replace("*", outer))
        for _, name in SIGNATURES
        for outer in (("audio", "video") if name.startswith("*") else ("",))
    }
    defaults = {canonical(name) for name in DEFAULT_FORMATS}
    # All that can be read is taken on: docs/media.md.
    assert defaults == tellable
