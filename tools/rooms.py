"""The rooms of the packages, from tools/rooms.toml, and the imports between them, from the source.

An import inside a function counts too. tests/test_imports.py holds the order, rooms_picture.py
draws it.
"""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
TABLE = CHECKOUT / "tools" / "rooms.toml"
LONGEST_LINE = 40  # characters of what a room says of itself
KEPT_AS_RUN = {Path("sandbox/whisper/train.py")}  # a training script beside its checkpoint


@dataclass(frozen=True, kw_only=True)
class Room:
    """A folder of a package, or some files of the package's own folder."""

    package: str
    name: str
    folder: str | None
    files: tuple[str, ...]
    says: str
    place: int  # 0 for the topmost room of its package


@dataclass(frozen=True, kw_only=True)
class Table:
    """All rooms, and which package may import which."""

    packages: dict[str, tuple[str, ...]]
    rooms: dict[str, tuple[Room, ...]]


@cache
def load_rooms() -> Table:
    """The table as it stands in tools/rooms.toml."""
    raw = tomllib.loads(TABLE.read_text("utf-8"))
    packages = {name: tuple(others) for name, others in raw["packages"].items()}
    rooms = {
        package: tuple(
            Room(
                package=package,
                name=entry.get("name") or entry["room"],
                folder=entry.get("room"),
                files=tuple(entry.get("files", ())),
                says=_short(entry["says"]),
                place=place,
            )
            for place, entry in enumerate(raw[package])
        )
        for package in packages
    }
    return Table(packages=packages, rooms=rooms)


def _short(text: str) -> str:
    """ValueError for more than the picture's box has room for."""
    if len(text) > LONGEST_LINE:
        raise ValueError(f"{text!r} in {TABLE.name} is longer than {LONGEST_LINE} characters")
    return text


@cache
def modules() -> dict[str, Path]:
    """Every module of the packages, by its dotted name; a package by its ``__init__``."""
    found = {}
    for package in load_rooms().packages:
        for file in (CHECKOUT / package).rglob("*.py"):
            path = file.relative_to(CHECKOUT)
            if path not in KEPT_AS_RUN:
                parts = path.with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported(name: str) -> frozenset[str]:
    """What a module imports anywhere in it: our modules by full name, others by package.

    ValueError for a relative import, which hides the arrow.
    """
    path = modules()[name]
    found = set()
    for node in ast.walk(ast.parse((CHECKOUT / path).read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{path}: relative imports hide the arrow")
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules() else str(node.module))
    return frozenset(known if known in modules() else known.partition(".")[0] for known in found)


def arrows() -> Iterator[tuple[str, str]]:
    """All imports of one of our modules by another."""
    for name in modules():
        for other in sorted(imported(name) & modules().keys()):
            if other != name:
                yield name, other


def room_of(name: str) -> Room:
    """The room that a module stands in. LookupError if the table has none for it."""
    path = modules()[name]
    package, *inner = path.with_suffix("").parts
    for room in load_rooms().rooms[package]:
        if len(inner) > 1 and room.folder == inner[0]:
            return room
        if len(inner) == 1 and inner[0] in room.files:
            return room
    raise LookupError(f"{path} stands in no room of tools/rooms.toml")


def package_of(name: str) -> str:
    """The package that a module belongs to."""
    return name.partition(".")[0]
