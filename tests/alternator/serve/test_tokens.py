"""The file of tokens, and who sent one of them."""

from pathlib import Path

import pytest

from alternator.errors import ConfigError
from alternator.serve.errors import ApiError
from alternator.serve.tokens import ANYBODY, AT_ONCE, OPEN, Client, read

FILE = """
[alice]
token = "alice's own secret"
at_once = 3
[bob]
token = "bob-has-another"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tokens.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_who_sent_a_token(tmp_path: Path) -> None:
    tokens = read(written(tmp_path, FILE))
    assert tokens.client("Bearer alice's own secret") == Client(name="alice", at_once=3)
    assert tokens.client("bearer  bob-has-another") == Client(name="bob", at_once=AT_ONCE)
    assert tokens.secrets == ("alice's own secret", "bob-has-another")
    assert tokens.notice is None
    for wrong in ("Bearer alice", "Basic bob-has-another", "bob-has-another", "Bearer "):
        with pytest.raises(ApiError, match="is not one of this server's") as caught:
            tokens.client(wrong)
        assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
        assert caught.value.headers == {"WWW-Authenticate": "Bearer"}
    with pytest.raises(ApiError, match="is missing"):
        tokens.client(None)


def test_without_tokens_everybody_may_ask() -> None:
    assert OPEN.client(None) == OPEN.client("Bearer whatever") == ANYBODY


def test_others_who_can_read_the_file_are_told_of(tmp_path: Path) -> None:
    path = written(tmp_path, FILE)
    path.chmod(0o644)
    assert "everybody on this machine" in str(read(path).notice)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no client"),
        ("alice = 1", "alice] is no section"),
        ("[a]\ntoken = 12345678", "token must be a text of 8 signs"),
        ("[a]\ntoken = 'short'", "token must be a text of 8 signs"),
        ("[a]\ntoken = ' long enough '", "without spaces around it"),
        ("[a]\ntoken = 'long enough'\nat_once = 0", "at_once must be a whole number"),
        ("[a]\ntoken = 'long enough'\nlimit = 3", "has no key 'limit'"),
        ("[a]\ntoken = 'the same one'\n[b]\ntoken = 'the same one'", "token of another client"),
        ("[a", "is no TOML"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml can't be read: .*--tokens"):
        read(tmp_path / "none.toml")
