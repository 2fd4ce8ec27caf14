"""What the tests run and is not here is said, or installed."""

import io
from pathlib import Path

from images.console import Console
from images.engine.apt import Apt
from tools.prepare_tests import install_files, install_programs


def said(path: str, *, may_install: bool) -> str:
    stream = io.StringIO()
    apt = Apt(environ={"PATH": path}, may_install=may_install, console=Console(stream))
    install_programs(apt)
    return stream.getvalue()


def test_what_is_missing_is_named_with_the_reason() -> None:
    assert said("/nonexistent", may_install=False) == (
        "Missing: chromium, docker-registry, espeak-ng, ffmpeg, postgresql, pulseaudio, "
        "pulseaudio-utils (--no-install or ALTERNATOR_INSTALL=no forbids it); the tests that need "
        "them will skip.\n"
    )


def test_nothing_is_said_where_all_is_here(tmp_path: Path) -> None:
    for name in (
        "chromium",
        "docker-registry",
        "espeak-ng",
        "ffmpeg",
        "ffprobe",
        "pactl",
        "pg_createcluster",
        "pulseaudio",
    ):
        (tmp_path / name).touch(0o755)
    assert said(str(tmp_path), may_install=True) == ""


def test_a_file_that_the_tests_read_is_named_too(tmp_path: Path) -> None:
    here, gone = tmp_path / "here", tmp_path / "gone"
    here.touch()
    stream = io.StringIO()
    apt = Apt(environ={"PATH": ""}, may_install=False, console=Console(stream))
    install_files(apt, {here: "some-package", gone: "pci.ids"})
    assert stream.getvalue().startswith("Missing: pci.ids (--no-install or ")
