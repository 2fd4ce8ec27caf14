"""Writes ``generated.py`` from the TOML tables: ``python -m probe.tables.generate [--check]``.

The tables are read and changed as TOML; the probe loads them as a module, whose byte-code is there
in a fraction of the time that parsing takes, and mypy holds them to their shape (``entries.py``).
``--check`` fails if the module is not current.
"""

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from pprint import pformat

from probe.exit_codes import ExitCode

HERE = Path(__file__).parent
MODULE = HERE / "generated.py"
# A constant's name, its type in ``entries.py``, its tables, and what is taken of them.
SOURCES: tuple[tuple[str, str, dict[str, tuple[str, ...]]], ...] = (
    ("BUILDS", "BuildsTable", {"builds.toml": ()}),
    (
        "AMD_DEVICES",
        "AmdDevicesTable",
        {"amd_devices.toml": ("gfx",), "amd_chips.toml": ("graphics_core", "integrated")},
    ),
    (
        "NVIDIA_DEVICES",
        "NvidiaDevicesTable",
        {
            "nvidia_chips.toml": ("last_driver", "first_driver", "module"),
            "nvidia_devices.toml": ("blocks",),
        },
    ),
    ("SYSTEMS", "SystemsTable", {"systems.toml": ()}),
)
HEAD = '''"""Generated from the TOML tables beside it by ``python -m probe.tables.generate``."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probe.tables.entries import (
        AmdDevicesTable,
        BuildsTable,
        NvidiaDevicesTable,
        SystemsTable,
    )
'''


def render() -> str:
    """The module's text."""
    parts = [HEAD]
    for name, shape, files in SOURCES:
        data: dict[str, object] = {}
        for file, keys in files.items():
            table = tomllib.loads((HERE / file).read_text(encoding="utf-8"))
            data |= {key: table[key] for key in keys or table}
        text = pformat(data, width=100, compact=True, sort_dicts=False)
        parts.append(f'\n{name}: "{shape}" = {text}\n')
    return "".join(parts)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the module, or with --check tell whether it is current."""
    parser = argparse.ArgumentParser(prog="python -m probe.tables.generate")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if not current")
    if parser.parse_args(argv).check:
        if MODULE.exists() and MODULE.read_text(encoding="utf-8") == render():
            return 0
        print(f"{MODULE.name} is not current: run python -m probe.tables.generate", file=sys.stderr)
        return ExitCode.STALE
    MODULE.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
