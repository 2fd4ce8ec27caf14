"""Where an image comes from, as git tells it."""

import subprocess
from pathlib import Path

import pytest

from images.build.provenance import EARLIEST, read_provenance, revision, timestamp

MOMENT = 1_700_000_000


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit and a remote whose address has a password."""
    (tmp_path / "file").write_text("one\n")
    remote = "https://me:secret@git.example/project"
    for command in (
        ["init", "--quiet"],
        ["add", "file"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "one"],
        ["remote", "add", "origin", remote],
    ):
        environ = {"GIT_COMMITTER_DATE": f"{MOMENT} +0000", "PATH": "/usr/bin:/bin"}
        subprocess.run(["git", *command], cwd=tmp_path, env=environ, check=True)
    return tmp_path


def test_a_commit_and_its_time(checkout: Path) -> None:
    found = read_provenance(checkout=checkout)
    assert found.epoch == MOMENT
    assert len(found.revision) == 40
    assert found.source == "https://git.example/project"
    assert found.build_arguments()["CREATED"] == "2023-11-14T22:13:20Z"
    assert read_provenance(7, checkout).epoch == 7


def test_edits_show(checkout: Path) -> None:
    (checkout / "file").write_text("two\n")
    assert revision(checkout).endswith("-dirty")


def test_without_git_nothing_is_invented(tmp_path: Path) -> None:
    found = read_provenance(checkout=tmp_path)
    assert (found.revision, found.source, found.epoch) == ("unknown", "unknown", EARLIEST)


def test_seconds_become_the_time_format_of_images() -> None:
    assert timestamp(EARLIEST) == "1980-01-01T00:00:00Z"
