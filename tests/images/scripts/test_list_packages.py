"""Which packages an image has, as its own dpkg and Python tell it."""

from pathlib import Path

from images.scripts import list_packages

STATUS = """\
Package: here
Status: install ok installed
Version: 1.0-1
Description: what it is
 Version: of its text

Package: gone
Status: deinstall ok config-files
Version: 2.0-1
"""


def test_debian_packages_that_are_installed_and_the_tools(tmp_path: Path) -> None:
    status, tools = tmp_path / "status", tmp_path / "tools.txt"
    status.write_text(STATUS)
    tools.write_text("ffmpeg 7:5.1\ntini 0.19.0-1\n")
    assert list_packages.debian(status, tools) == [
        {"name": "ffmpeg", "version": "7:5.1", "note": "built from this Debian source package"},
        {"name": "here", "version": "1.0-1"},
        {"name": "tini", "version": "0.19.0-1", "note": "copied from it"},
    ]


def test_python_packages_have_their_licence() -> None:
    found = {package["name"].lower(): package for package in list_packages.python()}
    assert found["jinja2"]["licence"].startswith("BSD")
    assert list(found) == sorted(found)
