"""pip takes itself to be on another machine."""

import subprocess
import sys


def test_pip_chooses_the_wheels_of_the_machine_that_it_is_told() -> None:
    command = [sys.executable, "-m", "images.packages.foreign_pip", "riscv64", "debug", "--verbose"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "cp311-cp311-linux_riscv64" in result.stdout
