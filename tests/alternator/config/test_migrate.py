import stat
import tomllib
from pathlib import Path

import pytest

from alternator.config.load import load_config
from alternator.config.migrate import migrated, write_new
from alternator.errors import ConfigError

FILE = Path("old.toml")
# As somebody has it who came from a release with whisper-rs, with what only that bot took.
RUST = """# My bot
[mastodon]
instance_url = "https://social.example" # home
access_token = "a-token-of-some-length"
pol_interval = 3

[openrouter]
# the key
api_key = "a-key-of-some-length"
max_tokens = 200  # cheap

[media]
supported_formats = [
    "image/jpeg", # photos
    "audio/mpeg",
]

[balance]
check_time = "12:5"

# Speech
[whisper]
model = "large"
python_executable = "/usr/bin/python3"
device = "cuda"

[extra]
list = [
    1,
]
"""
OURS = """# My bot
[mastodon]
instance_url = "https://social.example" # home
access_token = "a-token-of-some-length"
# there is no such key (did you mean 'poll_interval_seconds'?):
# pol_interval = 3

[vision]
# the key
api_key = "a-key-of-some-length"
max_tokens = 200  # cheap

[media]
supported_formats = [
    "image/jpeg", # photos
    "audio/mpeg",
]

[balance]
# must be a time of day as HH:MM, not '12:5':
# check_time = "12:5"

# Speech
[whisper]
model = "large"
# the Rust bot ignored it; here it names the Python that the model runs in:
# python_executable = "/usr/bin/python3"
device = "cuda"
enabled = false # the Rust bot's default; true hears audio and video

# there is no such section:
# [extra]
# list = [
#     1,
# ]
"""


def test_a_file_of_the_rust_bot_becomes_one_of_ours_with_its_comments():
    found = migrated(FILE, RUST)
    assert found.text == OURS
    assert found.changes == (
        "[openrouter] is [vision] now",
        "[mastodon] pol_interval is a comment now: there is no such key (did you mean "
        "'poll_interval_seconds'?)",
        "[media] supported_formats: it lists no video, which is left alone then; remove the key to "
        "have it described",
        "[balance] check_time is a comment now: must be a time of day as HH:MM, not '12:5'",
        "[whisper] model: it is large-v3 here; releases with whisper-rs took large-v1",
        "[whisper] python_executable is a comment now: the Rust bot ignored it; here it names the "
        "Python that the model runs in",
        "[whisper] device: the Rust bot ignored it; here it is respected",
        "[extra] is a comment now: there is no such section",
        "[whisper] enabled = false was added, as it was by default; true hears audio and video",
    )


def test_what_was_written_can_be_loaded_and_is_not_changed_again(tmp_path: Path):
    path = tmp_path / "alternator.toml"
    path.write_text(migrated(FILE, RUST).text)
    path.chmod(0o600)
    config = load_config(path, {})
    assert config.vision.max_tokens == 200
    assert config.whisper.enabled is False
    assert config.notices == ()
    again = migrated(path, path.read_text())
    assert again.text == path.read_text()


def test_speech_stays_off_where_there_is_no_section_for_it():
    found = migrated(FILE, "[openrouter]\napi_key = 'a'")
    assert tomllib.loads(found.text) == {"vision": {"api_key": "a"}, "whisper": {"enabled": False}}
    asked = migrated(FILE, "[openrouter]\napi_key = 'a'\n[whisper]\nenabled = true\n")
    assert tomllib.loads(asked.text)["whisper"] == {"enabled": True}


def test_a_file_of_ours_stays_as_it_is():
    text = "[vision]\nmodel = 'a' # mine\n\n[logging]\nlevel = 'warn'\n"
    found = migrated(FILE, text)
    assert (found.text, found.changes) == (text, ("nothing had to be changed",))


def test_models_of_whisper_rs_are_mentioned(tmp_path: Path):
    (tmp_path / "ggml-base.bin").touch()
    text = f"[openrouter]\n[whisper]\nenabled = true\nmodel_dir = '{tmp_path}'\n"
    found = migrated(FILE, text)
    assert found.changes[1].startswith("[whisper] model_dir: ggml-base.bin there is of whisper.cpp")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[vision]\nmodel = 'a'\n[openrouter]\nmodel = 'b'\n",
            "old.toml: [vision] and [openrouter] both have model; [openrouter] is the Rust bot's "
            "name of [vision]: keep one of the two",
        ),
        (
            "[vision]\nmodel = 'a'\n[openrouter]\napi_key = 'b'\n",
            "old.toml has [vision] and [openrouter], which is the Rust bot's name of it; put their "
            "keys under [vision], and migrate the file then",
        ),
        (
            "logging = { level = 'warn' }\n",
            "old.toml: write [logging] on a line of its own, and its keys below it; then migrate "
            "the file",
        ),
    ],
)
def test_what_nobody_can_settle_but_its_owner_is_said(text: str, message: str):
    with pytest.raises(ConfigError) as caught:
        migrated(FILE, text)
    assert str(caught.value) == message


def test_nothing_is_written_over_and_a_new_file_is_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "alternator.toml"
    write_new(path, "a = 1\n")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("a = 1\n", 0o600)
    with pytest.raises(ConfigError, match="is there already, and nothing is written over"):
        write_new(path, "b = 2\n")
    assert path.read_text() == "a = 1\n"
    with pytest.raises(ConfigError, match="can't be written: No such file or directory"):
        write_new(tmp_path / "none" / "alternator.toml", "")
