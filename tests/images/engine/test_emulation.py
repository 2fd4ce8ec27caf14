"""The program that tells whether an engine runs a platform is a real program."""

import platform
import struct
import subprocess
from pathlib import Path

import pytest
from fake_engine import FakeEngine

from images.engine import emulation
from images.engine.platforms import AMD64, PLATFORMS, Platform, of_machine


@pytest.mark.parametrize("known", PLATFORMS, ids=str)
def test_the_trial_program_is_for_its_machine(known: Platform) -> None:
    data = emulation.program(known)
    assert data.startswith(b"\x7fELF")
    assert struct.unpack_from("<H", data, 18) == (known.elf_machine,)


@pytest.mark.skipif(platform.system() != "Linux", reason="it is a program for Linux")
def test_the_trial_program_ends_well_on_its_own_machine(tmp_path: Path) -> None:
    known = of_machine(platform.machine())
    if known is None:
        pytest.skip(f"there is no trial program for {platform.machine()}")
    file = tmp_path / "end"
    file.write_bytes(emulation.program(known))
    file.chmod(0o755)
    assert subprocess.run([str(file)], check=False).returncode == 0


def test_the_engines_own_platform_needs_no_emulation() -> None:
    emulation.require_emulation(FakeEngine(), [AMD64])  # nothing is asked of the engine
