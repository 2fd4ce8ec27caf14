"""The units, as systemd itself reads them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
NAMES = ["alternator.service", "alternator-once.service", "alternator-once.timer"]
PROGRAM = "/opt/alternator/bin/alternator"
# Of systemd's own judgement, from 0 (nothing left open) to 10; this is "OK" for it.
MOST_EXPOSED = 20  # tenths


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """The units, with a program that is there."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed")
    program = Path(sys.prefix) / "bin" / "alternator"
    for name in NAMES:
        text = (UNITS / name).read_text(encoding="utf-8")
        assert name.endswith(".timer") or f"ExecStart={PROGRAM} run" in text
        (tmp_path / name).write_text(text.replace(PROGRAM, str(program)), encoding="utf-8")
    return [str(tmp_path / name) for name in NAMES]


def analyzed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_systemd_has_no_complaint(units: list[str]):
    done = analyzed("verify", "--man=no", *units)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_would_complain_of_a_mistyped_key(units: list[str]):
    path = Path(units[0])
    path.write_text(path.read_text().replace("ProtectHome=", "ProtectHomes="))
    assert "ProtectHomes" in analyzed("verify", "--man=no", str(path)).stderr


def test_little_is_left_open(units: list[str]):
    for unit in units[:2]:
        done = analyzed("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", unit)
        assert done.returncode == 0, done.stdout


def test_the_drop_in_for_a_gpu_is_read_with_its_unit(units: list[str]):
    folder = Path(f"{units[0]}.d")
    folder.mkdir()
    shutil.copy(UNITS / "gpu.conf", folder)
    done = analyzed("verify", "--man=no", units[0])
    assert (done.returncode, done.stderr) == (0, "")
    closed = analyzed("security", "--offline=yes", units[0]).stdout
    assert "PrivateDevices=" in closed
