"""The whole start of the universal image, as a process: install, prove, become the command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def start(machine, image, tmp_path):
    """Runs the entrypoint on the machine, with the image's locks, volume and wheelhouse."""
    machine.tool("alternator", f'{sys.executable} -c "import torch; print(torch.BUILD)"')
    variant_file = tmp_path / "variant.json"
    variant_file.write_text(json.dumps({"variant": "universal"}))

    def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "probe.entrypoint", *command],
            env={
                **image.environ,
                "PATH": str(machine.tools),
                "PYTHONPATH": str(ROOT),
                "ALTERNATOR_VARIANT_FILE": str(variant_file),
                **environ,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_the_bot_starts_with_what_was_installed(start) -> None:
    first = start("alternator", "run")
    assert (first.returncode, first.stdout.strip()) == (0, "cpu"), first.stderr
    assert "alternator-entrypoint: installing torch 2.13.0 cpu: 2 packages" in first.stderr
    second = start("alternator", "run")
    assert second.stdout.strip() == "cpu"
    assert "installing" not in second.stderr


def test_moved_to_a_machine_with_a_gpu_its_build_is_tried(machine, start, image) -> None:
    """The stand-in torch can't compute: the proof says so, and the CPU is used."""
    start("alternator", "run")
    machine.nvidia()
    moved = start("alternator", "run")
    assert moved.stdout.strip() == "cu130", moved.stderr
    assert "the proof failed" in moved.stderr
    assert image.builds() == ["2.13.0-cpu", "2.13.0-cu130"]


def test_a_command_that_computes_nothing_installs_nothing(start, image) -> None:
    assert start("alternator", "health").returncode != 0  # the stand-in has no torch to import
    assert image.builds() == []


def test_what_cannot_be_installed_is_one_line(start, image) -> None:
    ended = start("alternator", "run", ALTERNATOR_WHEELHOUSE="/nowhere")
    assert ended.returncode == 21
    assert "Traceback" not in ended.stderr
    assert "can't be fetched" in ended.stderr.splitlines()[-1]


def test_the_doctor_needs_no_build(start, tmp_path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import sys; from probe.cli import doctor; sys.exit(doctor([]))"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "ALTERNATOR_VARIANT_FILE": str(tmp_path / "variant.json"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
