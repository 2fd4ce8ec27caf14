"""The scripts as their shells read them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from alternator.completion import SCRIPTS, SHELLS, main

COMPLETE = (
    'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
    "_shtab_alternator; printf '%s\\n' \"${COMPREPLY[@]}\""
)


def completed(*words: str) -> list[str]:
    """What bash offers for the last of these words."""
    script = str(SCRIPTS / "alternator.bash")
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", script, *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_bash_completes_commands_and_their_options():
    assert completed("alternator", "un") == ["undo"]
    assert {"describe", "history", "status", "transcribe"} <= set(completed("alternator", ""))
    assert completed("alternator", "undo", "--dr") == ["--dry-run"]
    assert completed("alternator", "describe", "--kind", "gi") == ["gifv"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_can_read_its_script(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    assert "undo" in script.read_text()
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", str(script)], check=True)


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["tcsh"])
    assert ended.value.code == 2
    assert "invalid choice: 'tcsh'" in capsys.readouterr().err
