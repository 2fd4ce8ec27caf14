import os
from pathlib import Path

import pytest
from unprivileged import unprivileged

from alternator.config.file import notice_of_readers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "alternator.toml"
    path.touch()
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700, 0o620])
def test_a_file_that_nobody_else_can_read_is_no_matter(file: Path, mode: int):
    file.chmod(mode)
    assert notice_of_readers(file) is None


def test_who_can_read_it_and_what_to_do_is_said(file: Path):
    file.chmod(0o644)
    assert notice_of_readers(file) == (
        f"{file} holds a secret, and everybody on this machine can read it (mode 0644); take that "
        f"away (chmod go= {file})"
    )
    file.chmod(0o640)
    assert notice_of_readers(file) == (
        f"{file} holds a secret, and its group (number {file.stat().st_gid}) can read it (mode "
        f"0640); take that away (chmod go= {file})"
    )


def test_a_file_of_another_user_is_not_to_be_closed_to_this_one(file: Path):
    file.chmod(0o644)
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    os.chown(file, 1234, -1)
    notice = notice_of_readers(file)
    assert notice is not None
    assert notice.endswith(
        f"; run the bot as its owner (number 1234), to whom the state directory must then "
        f"belong, and take it away (chmod go= {file})"
    )


def test_nobody_is_told_to_run_the_bot_as_root(file: Path):
    """A configuration of root's, mounted into a container by hand: its owner is no user to be."""
    file.chmod(0o644)
    if os.geteuid() != 0:
        pytest.skip("only root can be another user")
    with unprivileged(file.parent):
        user = os.geteuid()
        notice = notice_of_readers(file)
    assert notice is not None
    assert notice.endswith(
        f"; as root, give it to user {user} (chown {user} {file}) and close it (chmod go= {file})"
    )


def test_a_file_that_is_gone_is_told_elsewhere(tmp_path: Path):
    assert notice_of_readers(tmp_path / "nowhere") is None
