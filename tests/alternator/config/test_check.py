import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from alternator.config.check import check
from alternator.config.load import load_config

TOKEN = "a-token-of-some-length"
FILE = f"""
[mastodon]
instance_url = "https://social.example"
access_token = "{TOKEN}"
[whisper]
device = "cpu"
backend = "cuda"
[balance]
enabled = true
"""


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def write(text: str) -> None:
    Path("alternator.toml").write_text(text, encoding="utf-8")
    Path("alternator.toml").chmod(0o600)


def test_each_value_says_where_it_is_from():
    write(FILE)
    found = check(None, {"ALTERNATOR_WHISPER_MODEL": "tiny", "ALTERNATOR_LOG_LEVEL": "debug"})
    assert found.mistakes == ()
    lines = {" ".join(line.split()) for line in found.lines}
    assert "# alternator.toml, and the environment on top of it" in lines
    assert 'access_token = "***" # alternator.toml: [mastodon] access_token' in lines
    assert 'model = "tiny" # variable ALTERNATOR_WHISPER_MODEL' in lines
    assert 'level = "debug" # variable ALTERNATOR_LOG_LEVEL' in lines
    assert "user_stream = true # default" in lines
    assert "# api_key is not set # default" in lines
    assert not any(TOKEN in line for line in found.lines)


def test_what_is_printed_can_be_read_as_a_configuration_again():
    write(FILE)
    config = load_config()
    write("\n".join(check(None, {}).lines).replace("***", TOKEN))
    assert tomllib.loads(Path("alternator.toml").read_text())
    assert replace(load_config(), notices=()) == replace(config, notices=())


def test_a_text_of_several_lines_is_printed_as_toml():
    text = 'Say "so" \\ and\nbriefly.'
    write(f"{FILE}[descriptions]\nstyle = {json.dumps(text)}\n")
    lines = "\n".join(check(None, {}).lines)
    assert tomllib.loads(lines)["descriptions"]["style"] == text


def test_keys_without_effect_are_named_with_their_reason():
    write(FILE)
    assert check(None, {"ALTERNATOR_WHISPER_MODLE": "x"}).remarks == (
        "alternator.toml: [whisper] backend has no effect: [whisper] device says cpu",
        "alternator.toml: [balance] enabled has no effect: there is no endpoint: neither [vision] "
        "api_key nor a base_url of your own",
        "the variable ALTERNATOR_WHISPER_MODLE sets nothing (did you mean "
        "'ALTERNATOR_WHISPER_MODEL'?)",
    )


def test_all_mistakes_are_named_at_once_and_nothing_is_said_of_the_rest():
    write("[mastodon]\ninstance_url = 'a.example'\n[whisper]\ndevice = 'gpu'\nmodle = 'x'\n")
    found = check(None, {"ALTERNATOR_HEALTH_PORT": "x"})
    assert found.lines == ()
    assert found.mistakes == (
        "alternator.toml: [whisper] has no key 'modle' (did you mean 'model'?); rename or remove "
        "it",
        "alternator.toml: [mastodon] access_token is missing; write it there or set "
        "ALTERNATOR_MASTODON_ACCESS_TOKEN or ALTERNATOR_MASTODON_ACCESS_TOKEN_FILE",
        "alternator.toml: [whisper] device must be one of auto, cpu, cuda, rocm, mps, not 'gpu'",
        "ALTERNATOR_HEALTH_PORT must be a whole number from 0 to 65535, not 'x'",
    )
