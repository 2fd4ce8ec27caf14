import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

import pytest

from alternator.config.models import WhisperSettings
from alternator.config.values import Key, Value, convert, key, key_of
from alternator.errors import ConfigError

PLAIN = Key(help="")


def of_file(raw: object) -> Value:
    return Value(raw=raw, origin="alternator.toml: [a] b")


def of_variable(text: str) -> Value:
    return Value(raw=text, origin="ALTERNATOR_A_B", from_variable=True)


@pytest.mark.parametrize(
    ("value", "hint", "converted"),
    [
        (of_file(True), bool, True),
        (of_variable("YES"), bool, True),
        (of_variable("0"), bool, False),
        (of_file(3), int, 3),
        (of_file(3), float, 3.0),
        (of_variable(" 2.5"), float, 2.5),
        (of_file(" text "), str, "text"),
        (of_file("Debug"), Literal["debug", "info"], "debug"),
        (of_file("auto"), str | None, None),
        (of_file(""), str | None, None),
        (of_file("/models"), Path, Path("/models")),
        (of_file(["a", "b"]), tuple[str, ...], ("a", "b")),
        (of_variable("a, b,"), tuple[str, ...], ("a", "b")),
    ],
)
def test_a_raw_value_becomes_the_type_of_its_key(value: Value, hint: object, converted: object):
    found = convert(value, hint, PLAIN)
    assert (found, type(found)) == (converted, type(converted))


@pytest.mark.parametrize(
    "value", [of_file(["Direct", "public", "direct"]), of_variable("direct, PUBLIC")]
)
def test_a_list_of_choices_holds_each_once_and_capitals_do_not_matter(value: Value):
    chosen = convert(value, tuple[str, ...], Key(help="", choices=("public", "direct")))
    assert isinstance(chosen, tuple)
    assert set(chosen) == {"public", "direct"}
    assert len(chosen) == 2


@pytest.mark.parametrize(
    ("value", "hint", "message"),
    [
        (of_file("true"), bool, "must be true or false, not 'true'"),
        (of_file(1), bool, "must be true or false, not 1"),
        (of_variable("1.5"), int, "must be a whole number, not '1.5'"),
        (of_file(True), float, "must be a number, not True"),
        (of_file(7), Literal["debug", "info"], "must be one of debug, info, not 7"),
        (of_file(["a", 1]), tuple[str, ...], "must be a list of strings, not ['a', 1]"),
    ],
)
def test_what_is_no_such_thing_is_said_with_its_place(value: Value, hint: object, message: str):
    with pytest.raises(ConfigError) as caught:
        convert(value, hint, PLAIN)
    assert str(caught.value) == f"{value.origin} {message}"


def test_a_secret_is_not_shown_in_a_message():
    with pytest.raises(ConfigError, match="not a value of another type") as caught:
        convert(of_file(12345678), str, Key(help="", secret=True))
    assert "12345678" not in str(caught.value)


def test_what_is_known_of_a_key_stands_at_its_field():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Settings:
        count: int = dataclasses.field(default=1, metadata=key("How many.", minimum=0, maximum=9))

    (field,) = dataclasses.fields(Settings)
    assert key_of(field) == Key(help="How many.", minimum=0, maximum=9)


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


def test_plain_texts_and_paths_need_no_pydantic():
    """Of which the universal image has none before its first start: `alternator health`.

    Nor does that load what the bot works with, since it is started every half minute.
    """
    code = (
        "import sys\n"
        "for name in ('pydantic', 'requests', 'alternator.speech', 'alternator.store'):\n"
        "    sys.modules[name] = None\n"
        "from alternator.bot.health_command import main\n"
        "sys.exit(main([]))"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "health.json").write_text('{"host": "127.0.0.1", "port": 1}')
        environ = {"ALTERNATOR_STATE_DIR": folder, "ALTERNATOR_HEALTH_PORT": "1", "HOME": folder}
        command = [sys.executable, "-c", code]
        found = subprocess.run(
            command, check=False, cwd=folder, env=environ, capture_output=True, text=True
        )
    assert (found.returncode, found.stdout, found.stderr) == (
        1,
        "no bot answers on 127.0.0.1:1\n",
        "",
    )
