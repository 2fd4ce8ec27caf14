"""Imports run one way: tools/rooms.toml names the rooms of each package from top to bottom.

The imports are read from the source, so an import inside a function counts too. No circle between
files either, not even within a room.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ROOMS: dict[str, Any] = tomllib.loads((ROOT / "tools" / "rooms.toml").read_text("utf-8"))
PACKAGES: dict[str, list[str]] = ROOMS.pop("packages")
PROBE_MAY_PROVE_WITH = {"torch", "whisper"}  # imported in the child process that proves a device
KEPT_AS_RUN = {Path("sandbox/whisper/train.py")}  # a training script beside its checkpoint

Arrow = tuple[str, str]


@cache
def modules() -> dict[str, Path]:
    """Every module of the packages, by its dotted name; a package by its ``__init__``."""
    found = {}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            path = file.relative_to(ROOT)
            if path not in KEPT_AS_RUN:
                parts = path.with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported(name: str) -> frozenset[str]:
    """What a module imports anywhere in it: our modules by full name, others by package."""
    path = modules()[name]
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrow"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules() else str(node.module))
    return frozenset(known if known in modules() else known.partition(".")[0] for known in found)


def arrows() -> Iterator[Arrow]:
    """All imports of one of our modules by another."""
    for name in modules():
        for other in imported(name) & modules().keys():
            if other != name:
                yield name, other


def room(name: str) -> int:
    """A module's place in its package's table, 0 for the topmost room."""
    path = modules()[name]
    package, *inner = path.with_suffix("").parts
    for place, entry in enumerate(ROOMS[package]):
        if len(inner) > 1 and entry.get("room") == inner[0]:
            return place
        if len(inner) == 1 and inner[0] in entry.get("files", ()):
            return place
    raise LookupError(f"{path} stands in no room of tools/rooms.toml")


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_arrows_between_our_packages(package: str) -> None:
    ours = {
        other.partition(".")[0]
        for name, other in arrows()
        if name.partition(".")[0] == package and not other.startswith(f"{package}.")
    } - {package}
    assert ours <= set(PACKAGES[package]), f"{package} must not import {ours}"


def test_every_package_is_held() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(PACKAGES)


@pytest.mark.xfail(reason="being untied: see docs/architecture.md")
@pytest.mark.parametrize("name", sorted(modules()))
def test_every_file_stands_in_a_room(name: str) -> None:
    room(name)


@pytest.mark.xfail(reason="being untied: see docs/architecture.md")
@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_room_of_the_table_is_there(package: str) -> None:
    for entry in ROOMS[package]:
        if "room" in entry:
            assert (ROOT / package / entry["room"] / "__init__.py").exists(), entry
        for file in entry.get("files", ()):
            assert (ROOT / package / f"{file}.py").exists(), file


@pytest.mark.xfail(reason="being untied: see docs/architecture.md")
def test_arrows_run_from_room_to_room_downwards() -> None:
    turned = [
        f"{name} → {other}"
        for name, other in sorted(arrows())
        if name.partition(".")[0] == other.partition(".")[0] and room(name) > room(other)
    ]
    assert not turned


@pytest.mark.xfail(reason="being untied: see docs/architecture.md")
def test_no_circle_between_files() -> None:
    left = {name: {other for start, other in arrows() if start == name} for name in modules()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert not left, f"these import each other: {sorted(left)}"


def test_probe_is_standard_library_only() -> None:
    names = {n.partition(".")[0] for m in modules() if m.startswith("probe") for n in imported(m)}
    assert names - set(sys.stdlib_module_names) - {"probe"} <= PROBE_MAY_PROVE_WITH


def test_the_command_line_imports_no_sub_command_at_start() -> None:
    names = {name.partition(".")[0] for name in imported("alternator.cli")}
    assert names <= set(sys.stdlib_module_names) | {"probe"}
