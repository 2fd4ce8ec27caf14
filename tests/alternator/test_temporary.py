"""The folder of a process that was killed is removed by the next one, and no other is."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.temporary import LOCK, own_folder

HOLDER = """
import time
from alternator.temporary import own_folder
with own_folder("some-kind") as folder:
    (folder / "upload").write_text("sent")
    time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@contextmanager
def holder(place: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    """Another process with a folder, which is older than a moment."""
    before = set(place.iterdir())
    process = subprocess.Popen([sys.executable, "-c", HOLDER])
    try:
        wait_for(lambda: any((new / "upload").exists() for new in set(place.iterdir()) - before))
        (folder,) = set(place.iterdir()) - before
        aged(folder)
        yield process, folder
    finally:
        process.kill()
        process.wait()


def aged(folder: Path) -> None:
    past = time.time() - 3600
    os.utime(folder / LOCK, (past, past))


def test_it_ends_with_the_block(place: Path) -> None:
    with own_folder("some-kind") as folder:
        assert folder.parent == place and folder.name.startswith("some-kind-")
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "upload").touch()
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed(place: Path) -> None:
    with holder(place) as (process, left):
        with own_folder("some-kind"):
            assert (left / "upload").exists(), "its process runs"
        process.send_signal(signal.SIGKILL)
        process.wait()
        with own_folder("another-kind"):
            assert (left / "upload").exists()
        with own_folder("some-kind") as folder:
            assert list(place.iterdir()) == [folder]


def test_a_folder_that_was_just_made_stays(place: Path) -> None:
    new = place / "some-kind-new"
    new.mkdir()
    (new / LOCK).touch()
    with own_folder("some-kind"):
        pass
    assert new.exists()
    aged(new)
    with own_folder("some-kind"):
        pass
    assert not new.exists()


def test_what_is_none_of_ours_stays(place: Path) -> None:
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    aged(elsewhere)
    (place / "some-kind-link").symlink_to(elsewhere)
    plain = place / "some-kind-plain"
    plain.mkdir()
    with own_folder("some-kind"):
        pass
    assert (elsewhere / LOCK).exists() and plain.exists()
