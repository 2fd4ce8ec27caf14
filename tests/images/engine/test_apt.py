"""Packages are installed where that is allowed; a failure has apt's last words."""

import io
import os
from pathlib import Path

import pytest

from images.console import Console
from images.engine.apt import Apt, may_install
from images.errors import EngineError


def apt(folder: Path, *, allowed: bool = True) -> Apt:
    environ = {"PATH": f"{folder}:/usr/bin:/bin"}
    return Apt(environ=environ, may_install=allowed, console=Console(io.StringIO()))


def program(folder: Path, name: str, text: str) -> None:
    """A program of that name that runs a line of shell."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("value", "expected"), [("no", False), ("OFF", False), ("0", False), ("yes", True), ("", True)]
)
def test_the_operator_may_forbid_it(value: str, expected: bool) -> None:
    assert may_install({"ALTERNATOR_INSTALL": value}) is expected
    assert may_install({}) is True


def test_what_forbids_it_is_said(tmp_path: Path) -> None:
    refusal = apt(tmp_path, allowed=False).refusal()
    assert refusal == "--no-install or ALTERNATOR_INSTALL=no forbids it"


def test_another_distribution_has_no_apt(tmp_path: Path) -> None:
    elsewhere = Apt(environ={"PATH": str(tmp_path)}, may_install=True, console=Console())
    assert elsewhere.refusal() == "this is not Debian or Ubuntu"
    assert not elsewhere.available("docker.io")


@pytest.mark.skipif(os.geteuid() != 0, reason="others may not install at all")
def test_root_may(tmp_path: Path) -> None:
    program(tmp_path, "apt-get", "exit 0")
    assert apt(tmp_path).refusal() is None


def test_what_is_installed_is_said_and_asked_of_apt(tmp_path: Path) -> None:
    program(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/asked; echo "$DEBIAN_FRONTEND" >&2')
    tool = apt(tmp_path)
    tool.install(["one", "two"], "for a test")
    assert (tmp_path / "asked").read_text().splitlines() == [
        "update",
        "install --yes --no-install-recommends one two",
    ]
    said = tool.console.stream
    assert isinstance(said, io.StringIO)
    assert said.getvalue() == (
        "Installing one, two from this distribution's packages, for a test ...\n"
    )


def test_a_failure_has_apts_last_words(tmp_path: Path) -> None:
    program(tmp_path, "apt-get", "echo E: no space left >&2; exit 100")
    with pytest.raises(EngineError, match="failed with exit code 100:\nE: no space left"):
        apt(tmp_path).install(["one"], "for a test")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("  Candidate: 1.0", True), ("  Candidate: (none)", False), ("", False)],
)
def test_a_package_is_known_by_its_candidate(tmp_path: Path, answer: str, expected: bool) -> None:
    program(tmp_path, "apt-get", "exit 0")
    program(tmp_path, "apt-cache", f"echo '{answer}'")
    assert apt(tmp_path).available("one") is expected
