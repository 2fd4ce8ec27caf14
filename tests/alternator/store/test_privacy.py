import os
import stat
from pathlib import Path

import pytest
from unprivileged import NOBODY, unprivileged

from alternator.errors import ConfigError
from alternator.store.lock import locked
from alternator.store.privacy import close_to_others, make_private_directory, make_private_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make(path: Path) -> None:
    make_private_directory(path, ours=("lock", "state"))


def test_a_new_directory_and_file_are_this_users_alone(tmp_path: Path):
    make(tmp_path / "a" / "b")
    make_private_file(tmp_path / "a" / "b" / "lock")
    assert mode(tmp_path / "a" / "b") == 0o700
    assert mode(tmp_path / "a" / "b" / "lock") == 0o600


@pytest.mark.parametrize("before", [0o755, 0o770, 0o777])
def test_one_that_an_earlier_release_made_is_closed(tmp_path: Path, before: int):
    directory = tmp_path / "state"
    directory.mkdir()
    (directory / "state.sqlite3").write_text("kept")
    directory.chmod(before)
    (directory / "state.sqlite3").chmod(0o644)
    make(directory)
    make_private_file(directory / "state.sqlite3")
    assert (mode(directory), mode(directory / "state.sqlite3")) == (0o700, 0o600)
    assert (directory / "state.sqlite3").read_text() == "kept"


def test_a_directory_with_other_things_in_it_stays_as_it_is(tmp_path: Path):
    directory = tmp_path / "home"
    directory.mkdir()
    (directory / "lock").touch()
    (directory / "public_html").mkdir()
    directory.chmod(0o755)
    make(directory)
    assert mode(directory) == 0o755


def test_a_directory_that_is_everybodys_stays_as_it_is(tmp_path: Path):
    directory = tmp_path / "volume"
    directory.mkdir()
    directory.chmod(0o1777)  # as the image's volumes are, for any numeric user
    make(directory)
    assert mode(directory) == 0o1777


def test_what_is_another_users_stays_as_it_is(tmp_path: Path):
    directory = tmp_path / "state"
    directory.mkdir(mode=0o755)
    with unprivileged(tmp_path):
        pass  # pytest's folders are open to others now
    if directory.stat().st_uid != 0:
        pytest.skip("this user is root to nobody")
    with unprivileged(tmp_path):
        make(directory)
    assert mode(directory) == 0o755


def test_what_is_not_there_is_no_matter(tmp_path: Path):
    close_to_others(tmp_path / "nothing")


def test_a_file_in_the_directorys_place_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        make(tmp_path / "file")


@pytest.mark.threat("T17")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_it_is_this_users_alone_whatever_the_mask(tmp_path: Path, mask: int):
    before = os.umask(mask)
    try:
        make(tmp_path / "state")
        make_private_file(tmp_path / "state" / "lock")
    finally:
        os.umask(before)
    assert mode(tmp_path / "state") == 0o700
    assert mode(tmp_path / "state" / "lock") == 0o600


@pytest.mark.threat("T18")
def test_a_link_that_another_user_laid_is_not_followed(tmp_path: Path):
    target = tmp_path / "diary"
    target.write_text("dear diary")
    target.chmod(0o644)
    link = tmp_path / "lock"
    link.symlink_to(target)
    if os.geteuid() != 0:
        pytest.skip("only root lays another user's link")
    os.lchown(link, NOBODY, NOBODY)
    with pytest.raises(OSError, match="is a link that another user laid"):
        make_private_file(link)
    with pytest.raises(ConfigError, match="is a link that another user laid"), locked(tmp_path):
        raise AssertionError("it was taken")
    assert target.read_text() == "dear diary" and mode(target) == 0o644


@pytest.mark.threat("T18")
def test_a_link_of_ones_own_leads_to_another_disk(tmp_path: Path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.sqlite3").symlink_to(tmp_path / "disk" / "kept")
    make_private_file(tmp_path / "state" / "state.sqlite3")
    assert mode(tmp_path / "disk" / "kept") == 0o600
