"""What the bot's configuration says about the device goes for the probe too."""

from pathlib import Path

import pytest

from probe.decide.overrides import read_overrides
from probe.errors import OverrideError
from probe.machine.operator_config import config_of, whisper_settings


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file where the bot would look first, in an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "alternator.toml"


def test_the_three_keys_are_read_and_nothing_else(config: Path) -> None:
    config.write_text(
        '[whisper]\nmodel = "base"\ndevice = "cpu"\nbackend = "auto"\nlanguage = "en"\n'
    )
    assert whisper_settings({}) == {"device": "cpu", "backend": "auto", "model": "base"}


@pytest.mark.parametrize("text", ["[whisper", "whisper = 3", "", "[mastodon]\n"])
def test_a_file_that_does_not_say_says_nothing(config: Path, text: str) -> None:
    config.write_text(text)
    assert whisper_settings({}) == {}


def test_no_file_and_a_missing_one_say_nothing(config: Path) -> None:
    assert whisper_settings({"HOME": "/nonexistent"}) == {}
    assert whisper_settings({}, str(config)) == {}


def test_where_the_file_is_looked_for(config: Path, tmp_path: Path) -> None:
    home = tmp_path / "xdg" / "alternator"
    home.mkdir(parents=True)
    (home / "alternator.toml").write_text('[whisper]\ndevice = "cpu"\n')
    assert whisper_settings({"XDG_CONFIG_HOME": str(tmp_path / "xdg")}) == {"device": "cpu"}
    named = tmp_path / "named.toml"
    named.write_text('[whisper]\ndevice = "cuda"\n')
    assert whisper_settings({"ALTERNATOR_CONFIG": str(named)}) == {"device": "cuda"}


@pytest.mark.parametrize(
    ("command", "file"),
    [
        (["alternator", "run"], None),
        (["alternator", "run", "--config", "/a.toml"], "/a.toml"),
        (["alternator", "run", "-c", "/a.toml"], "/a.toml"),
        (["alternator", "run", "--config=/a.toml"], "/a.toml"),
        (["alternator", "run", "--config"], None),
    ],
)
def test_the_file_a_command_names(command: list[str], file: str | None) -> None:
    assert config_of(command) == file


def test_the_environment_goes_before_the_file() -> None:
    settings = {"backend": "cuda"}
    assert read_overrides({}, settings=settings).backend == "cuda"
    assert read_overrides({"ALTERNATOR_WHISPER_BACKEND": "cpu"}, settings=settings).backend == "cpu"


def test_messages_name_the_key() -> None:
    with pytest.raises(
        OverrideError, match=r"\[whisper\] backend in alternator.toml: 'gpu' is none"
    ):
        read_overrides({}, settings={"backend": "gpu"})
    with pytest.raises(OverrideError, match="contradict each other"):
        read_overrides({"ALTERNATOR_WHISPER_DEVICE": "cpu"}, settings={"backend": "cuda"})


def test_a_mark_before_the_text_is_no_part_of_it(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbf[whisper]\ndevice = 'cpu'\n")
    assert whisper_settings({}, str(config)) == {"device": "cpu"}
