"""Whose the files of an image are, as the image's own Python tells it."""

import pytest

from images.scripts import list_files


def test_a_folder_of_one_distribution_is_its_own() -> None:
    assert list_files.python()["docker"] == "docker"


def test_debian_packages_have_their_files() -> None:
    found = list_files.debian()
    if "base-files" not in found:
        pytest.skip("this is not Debian")
    assert "/etc/debian_version" in found["base-files"]
