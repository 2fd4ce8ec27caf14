"""Imports run one way: tools/rooms.toml names the rooms of each package from top to bottom.

No circle between files either, not even within a room.
"""

import sys

import pytest

from tools.rooms import CHECKOUT, arrows, imported, load_rooms, modules, package_of, room_of

PACKAGES = load_rooms().packages
PROBE_MAY_PROVE_WITH = {"torch", "whisper"}  # imported in the child process that proves a device


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_arrows_between_our_packages(package: str) -> None:
    ours = {package_of(other) for name, other in arrows() if package_of(name) == package}
    assert ours - {package} <= set(PACKAGES[package])


def test_every_package_is_held() -> None:
    assert {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} == set(PACKAGES)


@pytest.mark.parametrize("name", sorted(modules()))
def test_every_file_stands_in_a_room(name: str) -> None:
    room_of(name)


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_every_room_of_the_table_is_there(package: str) -> None:
    for room in load_rooms().rooms[package]:
        if room.folder is not None:
            assert (CHECKOUT / package / room.folder / "__init__.py").exists(), room
        for file in room.files:
            assert (CHECKOUT / package / f"{file}.py").exists(), file


def test_arrows_run_from_room_to_room_downwards() -> None:
    turned = [
        f"{name} → {other}"
        for name, other in sorted(arrows())
        if package_of(name) == package_of(other) and room_of(name).place > room_of(other).place
    ]
    assert not turned


def test_no_circle_between_files() -> None:
    left: dict[str, set[str]] = {name: set() for name in modules()}
    for name, other in arrows():
        left[name].add(other)
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
