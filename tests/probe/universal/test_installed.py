"""A command beside the bot finds the build that the bot installed."""

import os
from pathlib import Path

import pytest

from probe.universal.installed import installed_build


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """As the universal image has it."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "builds").mkdir()
    return {
        "ALTERNATOR_LOCKS": str(tmp_path / "locks"),
        "ALTERNATOR_BUILDS_DIR": str(tmp_path / "builds"),
    }


def test_it_is_the_one_that_was_installed_last(environ: dict[str, str], tmp_path: Path):
    for age, name in enumerate(("2.13.0-cu130-b", "2.13.0-cpu-a", ".2.13.0-cpu-c.work")):
        build = tmp_path / "builds" / name
        build.mkdir()
        os.utime(build, (1000 + age, 1000 + age))
    (tmp_path / "builds" / ".2.13.0-cpu-a.lock").touch()
    assert installed_build(environ) == str(tmp_path / "builds" / "2.13.0-cpu-a")


def test_an_empty_or_missing_volume_has_none(environ: dict[str, str], tmp_path: Path):
    assert installed_build(environ) is None
    (tmp_path / "builds").rmdir()
    assert installed_build(environ) is None


def test_another_image_has_none(environ: dict[str, str], tmp_path: Path):
    (tmp_path / "builds" / "2.13.0-cpu-a").mkdir()
    (tmp_path / "locks").rmdir()
    assert installed_build(environ) is None
