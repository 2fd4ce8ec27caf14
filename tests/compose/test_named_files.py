"""What a configuration names goes into the container along with it."""

import tomllib
from pathlib import Path

import pytest

from alternator.config.load import load_accounts
from compose.errors import ComposeError
from compose.named_files import with_named_files

ACCOUNTS = """# Mine.
[[accounts]]
name = "en"  # the first
instance_url = "https://mastodon.example"
token_file = "en.token"

[[accounts]]
name = "de"
instance_url = "https://mastodon.example"
token = "d"

[accounts.descriptions]
prompts_file = "{prompts}"
"""


def test_a_configuration_that_names_nothing_stays_as_it_is(tmp_path: Path):
    content = "\ufeff[mastodon]\r\ninstance_url = 'https://x.example' # here\r\n".encode()
    assert with_named_files(tmp_path / "a.toml", content).config == content
    broken = b"[mastodon\n"
    assert with_named_files(tmp_path / "a.toml", broken).config == broken
    assert with_named_files(tmp_path / "a.toml", b"\xff").config == b"\xff"


def test_a_token_goes_along_and_no_file_of_it(tmp_path: Path):
    prompts = tmp_path / "mine.toml"
    prompts.write_text("[de]\n")
    (tmp_path / "en.token").write_text("secret\n")
    copied = with_named_files(tmp_path / "a.toml", ACCOUNTS.format(prompts=prompts).encode())
    assert copied.files == {"prompts-1.toml": b"[de]\n"}
    text = copied.config.decode()
    assert "# Mine.\n" in text
    assert '"en"  # the first\n' in text
    english, german = tomllib.loads(text)["accounts"]
    assert (english["token"], "token_file" in english) == ("secret", False)
    assert german["token"] == "d"
    assert german["descriptions"]["prompts_file"] == "/etc/alternator/prompts-1.toml"


def test_the_bot_reads_what_was_made_of_it(tmp_path: Path):
    (tmp_path / "en.token").write_text("secret\n")
    text = ACCOUNTS.split("[accounts.desc", maxsplit=1)[0]
    inside = tmp_path / "inside.toml"
    inside.write_bytes(with_named_files(tmp_path / "a.toml", text.encode()).config)
    assert [one.mastodon.access_token for one in load_accounts(inside, {})] == ["secret", "d"]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, r"token_file = 'en\.token' can't be read: No such file"),
        ("\n", r"token_file = 'en\.token' is empty; write the token into it"),
        (b"\xff", r"token_file = 'en\.token' is not UTF-8 text"),
    ],
)
def test_a_token_that_can_not_be_read_is_named(
    tmp_path: Path, written: str | bytes | None, reason: str
):
    if written is not None:
        data = written if isinstance(written, bytes) else written.encode()
        (tmp_path / "en.token").write_bytes(data)
    content = ACCOUNTS.format(prompts="p").encode()
    with pytest.raises(ComposeError, match=rf"a\.toml: \[\[accounts\]\] en {reason}"):
        with_named_files(tmp_path / "a.toml", content)


def test_prompts_that_are_not_there_are_named(tmp_path: Path):
    content = b'[descriptions]\nprompts_file = "none.toml"\n'
    with pytest.raises(ComposeError, match=r"prompts_file = 'none\.toml' can't be read: No such"):
        with_named_files(tmp_path / "a.toml", content)
