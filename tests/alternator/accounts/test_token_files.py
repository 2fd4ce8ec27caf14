import os
import stat
from pathlib import Path

import pytest

from alternator.accounts import token_files
from alternator.accounts.oauth import App
from alternator.accounts.token_files import app_file, check_free, read_app, read_token, remove
from alternator.errors import ConfigError

APP = App(client_id="the-client", client_secret="the-secret")
SERVER = "https://social.example"


def test_both_files_are_for_their_owner_alone_whatever_the_mask(tmp_path: Path):
    path = tmp_path / "alternator" / "home.token"
    mask = os.umask(0)
    try:
        token_files.write(path, "the-token", APP, SERVER)
    finally:
        os.umask(mask)
    for file in (path, app_file(path)):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_text() == "the-token\n"
    assert read_token(path) == "the-token"
    assert read_app(path) == (SERVER, APP)
    assert sorted(path.parent.iterdir()) == [path, app_file(path)]


def test_nothing_is_written_over_and_nothing_half_is_left(tmp_path: Path):
    path = tmp_path / "home.token"
    path.write_text("another\n")
    with pytest.raises(ConfigError, match="is there already"):
        check_free(path)
    with pytest.raises(ConfigError, match="can't be written: File exists"):
        token_files.write(path, "the-token", APP, SERVER)
    assert path.read_text() == "another\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        token_files.write(tmp_path / "home.token", "the-token", APP, SERVER)
    assert list(tmp_path.iterdir()) == []


def test_what_a_login_did_not_write_is_not_taken_for_it(tmp_path: Path):
    path = tmp_path / "home.token"
    assert read_app(path) is None
    app_file(path).write_text('{"server": 1, "client_id": "a", "client_secret": "b"}')
    assert read_app(path) is None
    app_file(path).write_text("[]")
    assert read_app(path) is None


def test_both_files_are_removed(tmp_path: Path):
    path = tmp_path / "home.token"
    token_files.write(path, "the-token", APP, SERVER)
    remove(path)
    remove(path)
    assert list(tmp_path.iterdir()) == []
