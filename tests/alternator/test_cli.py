"""The dispatcher: what is registered is found, and nothing ends in a traceback."""

import ast
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from alternator import cli
from probe.errors import UserError
from probe.exit_codes import ExitCode


def alternator(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alternator", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_each_command_with_its_summary() -> None:
    result = alternator("--help")
    assert result.returncode == 0
    assert "  probe       Show this machine's hardware" in result.stdout
    assert "  up          Probe this machine, build the image" in result.stdout


def test_help_imports_none_of_the_commands() -> None:
    code = (
        "import sys; from alternator import cli; assert cli.main(['--help']) == 0; "
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "  transcribe  Write down" in result.stdout
    modules = set(ast.literal_eval(result.stderr))
    assert not modules & {"requests", "mastodon", "docker", "numpy", "argparse", "logging"}


def test_a_summary_is_that_of_the_loaded_function() -> None:
    for target in cli.installed_commands(cli.distribution()).values():
        assert cli.summary(target) == (cli.load(target).__doc__ or "").partition("\n")[0]


class EditableFinder:
    """Finds a package as an editable install's finder does: by a map of its own."""

    def __init__(self, **packages: Path) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        folder = self._packages.get(name)
        if folder is None:
            return None
        return importlib.util.spec_from_file_location(name, folder / "__init__.py")


def test_an_editable_install_shows_its_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flying").mkdir()
    (tmp_path / "flying" / "__init__.py").write_text("")
    (tmp_path / "flying" / "cli.py").write_text('def main(argv):\n    """Take off."""\n')
    (tmp_path / "entry_points.txt").write_text("[alternator.commands]\nfly = flying.cli:main\n")
    assert cli.installed_commands(str(tmp_path)) == {}
    finder = EditableFinder(flying=tmp_path / "flying")
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])
    try:
        assert cli.installed_commands(str(tmp_path)) == {"fly": "flying.cli:main"}
        assert "  fly         Take off.\n" in cli.usage({"fly": "flying.cli:main"})
    finally:
        sys.modules.pop("flying", None)


def test_unknown_command_lists_the_known_ones() -> None:
    result = alternator("prob")
    assert result.returncode == 2
    assert result.stderr.startswith(
        "alternator: no command 'prob' here (did you mean 'probe'?); there are: "
        "accounts, backfill, bot, completion, config, db, describe, doctor, down, drafts,"
    )
    assert alternator("xyz").stderr.startswith("alternator: no command 'xyz' here; there are: ")


def test_help_with_a_name_is_the_help_of_that_command() -> None:
    result = alternator("help", "run")
    assert result.returncode == 0
    assert result.stdout.startswith("usage: alternator run ")


def test_version_is_the_projects() -> None:
    assert alternator("--version").stdout == "alternator 0.1.0\n"


def test_every_registered_command_can_be_loaded() -> None:
    commands = cli.installed_commands(cli.distribution())
    assert {"probe", "doctor", "images", "up", "down", "run", "transcribe"} <= set(commands)
    for target in commands.values():
        assert cli.load(target).__doc__, f"{target} has no summary for the help text"


def test_a_package_that_is_not_installed_does_not_show_up(tmp_path: Path) -> None:
    (tmp_path / "entry_points.txt").write_text(
        "[console_scripts]\nx = y:z\n\n[alternator.commands]\n"
        "probe = probe.cli:probe\nfly = no_such_package.cli:main\n"
    )
    assert cli.installed_commands(str(tmp_path)) == {"probe": "probe.cli:probe"}


def user_error(argv: list[str]) -> int:
    error = UserError("the disk is full: free some space")
    error.exit_code = ExitCode.DECODER
    raise error


def missing_module(argv: list[str]) -> int:
    raise ModuleNotFoundError("No module named 'torch'", name="torch")


def defect(argv: list[str]) -> int:
    raise ZeroDivisionError("division by zero")


def interrupted(argv: list[str]) -> int:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("function", "exit_code", "message"),
    [
        ("user_error", ExitCode.DECODER, "alternator x: the disk is full: free some space\n"),
        ("missing_module", 1, "alternator x: the Python package 'torch' is not installed here;"),
        ("defect", 70, "alternator x: this should not have happened: ZeroDivisionError"),
        ("interrupted", 130, ""),
    ],
)
def test_errors_become_one_line(
    function: str,
    exit_code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(cli.DEBUG_VARIABLE, raising=False)
    assert cli.run("x", f"{__name__}:{function}", []) == exit_code
    printed = capsys.readouterr().err
    assert printed.startswith(message)
    assert "pip install 'alternator" not in printed  # a stranger's, on the package index
    assert printed.count("\n") == (1 if message else 0)


def test_a_defect_shows_where_for_those_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cli.DEBUG_VARIABLE, "1")
    with pytest.raises(ZeroDivisionError):
        cli.run("x", f"{__name__}:defect", [])


def test_a_reader_that_goes_away_is_no_error() -> None:
    result = subprocess.run(
        f"{sys.executable} -m alternator probe --json | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "{"
    assert result.stderr == ""


def own_module(argv: list[str]) -> int:
    raise ModuleNotFoundError("No module named 'probe.detekt'", name="probe.detekt")


def test_a_missing_module_of_ours_is_a_defect(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cli.DEBUG_VARIABLE, raising=False)
    monkeypatch.setattr(cli, "load", lambda target: own_module)
    assert cli.run("x", "own_module", []) == 70
    assert capsys.readouterr().err.startswith(
        "alternator x: this should not have happened: ModuleNotFoundError"
    )


def test_all_packages_of_ours_are_known() -> None:
    rooms = tomllib.loads((Path(__file__).parents[2] / "tools" / "rooms.toml").read_text())
    assert set(cli.PACKAGES) == set(rooms["packages"])


def hostile(argv: list[str]) -> int:
    raise UserError("the server says: go \x1b[2Jaway\u202e")


def hostile_defect(argv: list[str]) -> int:
    raise ValueError("go \x1b[2Jaway\u202e")


@pytest.mark.parametrize("function", ["hostile", "hostile_defect"])
def test_what_others_say_in_an_error_is_not_obeyed_by_the_terminal(
    function: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(cli.DEBUG_VARIABLE, raising=False)
    assert cli.run("x", f"{__name__}:{function}", []) != 0
    said = capsys.readouterr().err
    assert "go \ufffd[2Jaway\ufffd" in said
