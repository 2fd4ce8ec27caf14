import dataclasses
from pathlib import Path
from typing import Any

import pytest

from alternator.config.load import variable
from alternator.config.models import OpenRouterSettings, WhisperSettings
from alternator.config.settings import SECTIONS, MastodonSettings
from alternator.errors import ConfigError

DOCS = Path(__file__).parents[3] / "docs" / "configuration.md"
KEYS = [
    (section, field)
    for section, cls in SECTIONS.items()
    for field in dataclasses.fields(cls)
    if not field.metadata["unused"]
]


def default_of(field: "dataclasses.Field[Any]") -> str:
    """A default as the table shows it."""
    if field.metadata["required"]:
        return "required"
    if field.default_factory is not dataclasses.MISSING:
        return f"`{field.default_factory()}`".replace(str(Path.home()), "~")
    if field.name == "supported_formats":
        return "see below"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def row_of(section: str, field: "dataclasses.Field[Any]") -> str:
    name = f"`{variable(section, field.name)}`"
    if field.metadata["secret"]:
        name += f", `{variable(section, field.name)}_FILE`"
    return f"| `{field.name}` | {default_of(field)} | {name} | {field.metadata['help']} |"


@pytest.mark.parametrize(("section", "field"), KEYS, ids=[f"{s}.{f.name}" for s, f in KEYS])
def test_the_documentation_has_the_key(section: str, field: "dataclasses.Field[Any]"):
    assert row_of(section, field) in DOCS.read_text(encoding="utf-8").splitlines()


def test_the_documentation_has_no_other_key():
    text = DOCS.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(KEYS)


def test_the_documentation_lists_the_formats():
    text = DOCS.read_text(encoding="utf-8")
    (field,) = (field for _, field in KEYS if field.name == "supported_formats")
    for name in field.default:
        assert f"`{name}`" in text


def test_an_endpoint_needs_a_key_or_an_address_of_its_own():
    assert not OpenRouterSettings().enabled
    assert OpenRouterSettings(api_key="a-key").enabled
    assert OpenRouterSettings(base_url="http://127.0.0.1:8080/v1").enabled


def test_secrets_are_not_shown():
    settings = MastodonSettings(instance_url="https://social.example", access_token="the-token")
    assert "the-token" not in repr(settings)
    assert "the-key" not in repr(OpenRouterSettings(api_key="the-key"))


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch):
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr("pwd.getpwuid", nobody)
    with pytest.raises(ConfigError) as caught:
        WhisperSettings()
    assert str(caught.value) == (
        "~/.alternator/models: this user has no home directory; set HOME, or [state] directory "
        "and [whisper] model_dir to absolute paths"
    )
    assert WhisperSettings(model_dir=Path("/models")).model_dir == Path("/models")


def test_models_are_asked_in_order_and_each_once():
    settings = OpenRouterSettings(model="one", vision_fallback_model="two", text_model="three")
    assert settings.vision_models == ("one", "two")
    assert settings.text_models == ("three", settings.text_fallback_model)
    assert OpenRouterSettings(model="one", vision_fallback_model="").vision_models == ("one",)
    assert OpenRouterSettings(model="one", text_fallback_model="one").text_models == ("one",)
