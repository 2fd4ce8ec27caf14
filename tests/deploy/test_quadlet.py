"""The Quadlet file: what the probe prints, as Podman's own generator reads it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
FILE = CHECKOUT / "deploy" / "quadlet" / "alternator.container"
# Where distributions put it: https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html
GENERATORS = ("/usr/libexec/podman/quadlet", "/usr/lib/podman/quadlet")


def test_it_is_what_the_probe_prints_for_a_machine_without_a_gpu():
    machine = CHECKOUT / "tests" / "machines" / "nothing.json"
    words = ["probe", "--snippet", "quadlet", "--backend", "cpu", "--replay", str(machine)]
    done = subprocess.run(
        [sys.executable, "-m", "alternator", *words], capture_output=True, text=True, check=True
    )
    assert FILE.read_text(encoding="utf-8") == done.stdout


def test_podmans_generator_makes_a_service_of_it(tmp_path: Path):
    generator = next((path for path in GENERATORS if Path(path).exists()), None)
    if generator is None:
        pytest.skip("Podman's generator is not here: it comes with 4.4, and Debian 12 has 4.3")
    shutil.copy(FILE, tmp_path)
    done = subprocess.run(
        [generator, "--dryrun"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "QUADLET_UNIT_DIRS": str(tmp_path)},
    )
    assert "---alternator.service---" in done.stdout
    assert "--read-only" in done.stdout
