import json
from pathlib import Path

import pytest

from alternator.config.cli import main
from alternator.errors import ConfigError

ACCOUNT = '[mastodon]\ninstance_url = "social.example"\naccess_token = "a-token-of-some-length"\n'


@pytest.fixture(autouse=True)
def empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def write(text: str) -> None:
    Path("alternator.toml").write_text(text, encoding="utf-8")
    Path("alternator.toml").chmod(0o600)


def test_a_configuration_that_is_right_is_printed(capsys: pytest.CaptureFixture[str]):
    write(ACCOUNT)
    assert main(["check"]) == 0
    said = capsys.readouterr()
    assert 'instance_url = "https://social.example"' in said.out
    assert said.err == ""


def test_a_key_without_effect_is_a_fault_to_those_who_say_so(capsys: pytest.CaptureFixture[str]):
    write(f"{ACCOUNT}[health]\nport = 0\nhost = '::1'\n")
    assert main(["check", "alternator.toml"]) == 0
    assert main(["check", "--strict"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == ["alternator.toml: [health] host has no effect: [health] port is 0"] * 2


def test_mistakes_end_it_with_the_code_of_a_start(capsys: pytest.CaptureFixture[str]):
    write(f"{ACCOUNT}[health]\nport = 'x'\n")
    assert main(["check"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "mistake: alternator.toml: [health] port must be a whole number from 0 to 65535, not 'x'\n"
    )


def test_a_file_is_migrated_to_standard_output_or_a_new_file(capsys: pytest.CaptureFixture[str]):
    old = f"{ACCOUNT}[openrouter]\napi_key = 'a'\n[whisper]\nenabled = true\n"
    write(old)
    assert main(["migrate"]) == 0
    printed = capsys.readouterr().out
    assert printed == old.replace("openrouter", "vision")
    assert main(["migrate", "alternator.toml", "--output", "new.toml"]) == 0
    assert Path("new.toml").read_text() == printed
    assert Path("alternator.toml").read_text() == old
    assert capsys.readouterr().err == (
        "written to new.toml; alternator.toml is as it was\n[openrouter] is [vision] now\n"
    )
    with pytest.raises(ConfigError, match="is there already"):
        main(["migrate", "--output", "alternator.toml"])
    assert Path("alternator.toml").read_text() == old


def test_without_a_file_there_is_nothing_to_migrate():
    with pytest.raises(ConfigError, match=r"there is no alternator\.toml here; name the Rust bot"):
        main(["migrate"])
    write("[whisper\n")
    with pytest.raises(ConfigError, match="is not valid TOML"):
        main(["migrate"])


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]):
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "alternator.toml"
