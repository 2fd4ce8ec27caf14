"""What the command line says goes before the configuration."""

from pathlib import Path

import pytest

from alternator.config.models import WhisperSettings
from alternator.transcribe.options import parse
from alternator.transcribe.run import whisper_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "alternator.toml"
    path.write_text(
        "[whisper]\nengine = 'mine'\nmodel = 'small'\nlanguage = 'de'\ntask = 'translate'\n"
        "model_dir = '/models'\nmax_duration_minutes = 3\n"
    )
    return path


def settings_for(config: Path, *arguments: str) -> WhisperSettings:
    return whisper_settings(parse(["--config", str(config), *arguments, "x.mp3"]))


def test_the_configuration_alone(config: Path) -> None:
    assert settings_for(config) == WhisperSettings(
        engine="mine",
        model="small",
        language="de",
        task="translate",
        model_dir=Path("/models"),
        max_duration_minutes=0,
    )


def test_each_option_goes_before_its_key(config: Path) -> None:
    given = "--engine openai --model tiny --model_dir here --language auto --task transcribe"
    assert settings_for(config, *given.split()) == WhisperSettings(
        engine="openai",
        model="tiny",
        language=None,
        task="transcribe",
        model_dir=Path("here"),
        max_duration_minutes=0,
    )
    assert settings_for(config, "--language", "French").language == "French"
    words = ("--vad", "False", "--compute_type", "int8", "--batch_size", "4")
    ours = settings_for(config, *words)
    assert (ours.vad, ours.compute_type, ours.batch_size) == (False, "int8", 4)


def test_engines_of_the_command_line_are_all_that_there_are(config: Path) -> None:
    keys = "fallback_engines = ['openai']\nserver_url = 'http://gpu/v1'\nserver_model = 'large'\n"
    config.write_text(config.read_text() + keys)
    assert settings_for(config).engines == ("openai-api", "mine", "openai")
    assert settings_for(config, "--engine", "alternator").engines == ("alternator",)
    both = settings_for(config, "--engine", "openai-api, alternator")
    assert both.engines == ("openai-api", "alternator")
    assert (both.server_url, both.server_model) == ("http://gpu/v1", "large")
    named = settings_for(config, "--server_url", "http://other:8000/v1/", "--engine", "openai")
    assert named.engines == ("openai-api", "openai")
    assert named.server_url == "http://other:8000/v1"
    assert settings_for(config, "--model", "tiny").server_model is None
    assert settings_for(config, "--model", "tiny", "--server_model", "x").server_model == "x"


@pytest.mark.parametrize("address", ["ftp://gpu/v1", "https://me:word@gpu/v1"])
def test_a_server_is_an_address_without_a_password(
    config: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        settings_for(config, "--server_url", address)
    assert "the address must be an address" in capsys.readouterr().err


def test_full_precision_as_openai_whisper_asks_for_it(config: Path) -> None:
    assert settings_for(config).compute_type == "auto"
    assert settings_for(config, "--fp16", "False").compute_type == "float32"
    both = ("--fp16", "False", "--compute_type", "int8")
    assert settings_for(config, *both).compute_type == "int8"
