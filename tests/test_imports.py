"""Imports run one way: images → probe ← alternator, compose above, and nothing imports compose.

The imports are read from the source, so an import inside a function counts too.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "probe": set(),
    "images": {"probe"},
    "alternator": {"probe"},
    "compose": {"images", "probe"},
    "sandbox": set(),
    "tools": {"images", "probe"},
}
PROBE_MAY_PROVE_WITH = {"torch", "whisper"}  # imported in the child process that proves a device


def imported(file: Path) -> Iterator[str]:
    """The top-level names that a module imports anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the arrow"
            yield str(node.module).partition(".")[0]


def arrows(package: str) -> set[str]:
    """The names of all packages that a package imports."""
    return {name for file in (ROOT / package).rglob("*.py") for name in imported(file)}


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_arrows_between_our_packages(package: str) -> None:
    ours = arrows(package) & set(ALLOWED) - {package}
    assert ours <= ALLOWED[package], f"{package} must not import {ours - ALLOWED[package]}"


def test_every_package_is_held() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(ALLOWED)


def test_probe_is_standard_library_only() -> None:
    foreign = arrows("probe") - set(sys.stdlib_module_names) - {"probe"}
    assert foreign <= PROBE_MAY_PROVE_WITH


def test_the_command_line_imports_no_sub_command_at_start() -> None:
    names = set(imported(ROOT / "alternator" / "cli.py"))
    assert names <= set(sys.stdlib_module_names) | {"probe"}
