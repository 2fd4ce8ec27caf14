"""The man page and the completion are what the commands' parsers say now."""

import os
import shutil
import subprocess

import pytest

from alternator.cli import distribution, installed_commands
from probe.command_help import EXAMPLES
from probe.exit_codes import ExitCode
from tools.command_docs import MAN_PAGE, escaped, main, man_page, parsers


def test_the_committed_files_are_current():
    assert main(["--check"]) == 0


def test_every_command_is_there_with_examples():
    found = parsers()
    assert found.keys() == installed_commands(distribution()).keys()
    without = [name for name, one in found.items() if EXAMPLES not in one.format_help()]
    assert without == []
    page = man_page(found)
    assert all(f".SS {escaped(name)}\n" in page for name in found)
    assert all(f".TP\n{code.value}\n" in page for code in ExitCode)


def test_man_has_no_complaint_of_the_page():
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("man and groff are not installed")
    done = subprocess.run(
        ["man", "--warnings", "--local-file", str(MAN_PAGE)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "alternator undo" in done.stdout


def test_mandoc_has_no_error_in_the_page():
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    subprocess.run(["mandoc", "-Tlint", "-Werror", str(MAN_PAGE)], check=True)
