from pathlib import Path

import pytest

from alternator.config.reading import read_source
from alternator.config.source import Source
from alternator.errors import ConfigError


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def read(text: str, **variables: str) -> Source:
    Path("alternator.toml").write_text(text, encoding="utf-8")
    return read_source(None, variables)


def error_of(text: str, **variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text, **variables)
    return str(caught.value)


def test_the_rust_bots_name_of_a_section_is_its_other_name():
    source = read("[openrouter]\nmodel = 'a'\n", ALTERNATOR_OPENROUTER_MAX_TOKENS="7")
    assert source.values["vision", "model"].raw == "a"
    assert source.values["vision", "model"].origin == "alternator.toml: [openrouter] model"
    assert source.values["vision", "max_tokens"].raw == "7"


def test_both_names_may_stand_in_one_file_for_different_keys():
    source = read("[openrouter]\napi_key = 'a'\n[vision]\nmodel = 'b'\n")
    assert {name: value.raw for name, value in source.values.items()} == {
        ("vision", "api_key"): "a",
        ("vision", "model"): "b",
    }


@pytest.mark.parametrize("order", [1, -1])
def test_keys_that_stand_under_both_names_are_named(order: int):
    sections = ["[vision]\nmodel = 'a'\nmax_tokens = 1\nbase_url = 'x.example'\n"]
    sections.append("[openrouter]\nmax_tokens = 2\nmodel = 'a'\n")
    assert error_of("".join(sections[::order])) == (
        "alternator.toml: [vision] and [openrouter] both have max_tokens, model; [openrouter] is "
        "the Rust bot's name of [vision]: keep one of the two"
    )


def test_two_variables_of_one_key_must_say_the_same():
    both = {"ALTERNATOR_VISION_MODEL": "a", "ALTERNATOR_OPENROUTER_MODEL": "a"}
    assert read("", **both).values["vision", "model"].raw == "a"
    assert error_of("", **both | {"ALTERNATOR_OPENROUTER_MODEL": "b"}) == (
        "ALTERNATOR_VISION_MODEL and ALTERNATOR_OPENROUTER_MODEL say different things; they are "
        "two names of one key: keep one of the two"
    )


def test_two_secrets_of_one_key_are_named_and_not_shown(tmp_path: Path):
    (tmp_path / "key").write_text("the-one-secret")
    message = error_of(
        "",
        ALTERNATOR_VISION_API_KEY_FILE=str(tmp_path / "key"),
        ALTERNATOR_OPENROUTER_API_KEY="the-other-secret",
    )
    assert message.startswith(
        "ALTERNATOR_VISION_API_KEY_FILE and ALTERNATOR_OPENROUTER_API_KEY say"
    )
    assert "secret" not in message


def test_a_variable_goes_before_the_file_under_either_name():
    source = read("[vision]\nmodel = 'a'\n", ALTERNATOR_OPENROUTER_MODEL="b")
    assert source.values["vision", "model"].raw == "b"


def test_the_variable_that_the_rust_bots_image_sets_in_vain_is_mentioned():
    assert read("", ALTERNATOR_CONFIG_PATH="/app/alternator.toml").notices == (
        "the variable ALTERNATOR_CONFIG_PATH sets nothing (did you mean 'ALTERNATOR_CONFIG'?)",
    )


def test_all_mistakes_of_a_file_can_be_had_at_once():
    Path("alternator.toml").write_text("wisper = 1\n[whisper]\nmodle = 'a'\nmodel = 'b'\n")
    mistakes: list[str] = []
    source = read_source(None, {}, mistakes)
    assert [message.partition(";")[0] for message in mistakes] == [
        "alternator.toml: there is no section [wisper] (did you mean 'whisper'?)",
        "alternator.toml: [whisper] has no key 'modle' (did you mean 'model'?)",
    ]
    assert list(source.values) == [("whisper", "model")]
