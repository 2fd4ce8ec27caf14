"""Runs pip as if this were a machine of another architecture.

    python -m images.packages.foreign_pip MACHINE ARGUMENTS...

pip's own option ``--platform`` chooses other wheels, but leaves conditions in requirements, such as
``platform_machine == "x86_64"``, to be those of the machine that it runs on. What pip starts, to
read a source archive's metadata, still runs as on this machine.
"""

import platform
import runpy
import sys
import sysconfig
from unittest import mock


def main() -> None:
    """Run pip with the arguments after the machine's name."""
    machine = sys.argv.pop(1)
    with (
        mock.patch.object(platform, "machine", return_value=machine),
        mock.patch.object(sysconfig, "get_platform", return_value=f"linux-{machine}"),
    ):
        runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
