"""The table of rooms and the imports, as they are read; tests/test_imports.py holds them."""

from pathlib import Path

import pytest

from tools import rooms


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two packages in place of ours."""
    (tmp_path / "rooms.toml").write_text(
        "[packages]\nhouse = ['shed']\nshed = []\n"
        "[[house]]\nname = 'door'\nfiles = ['__init__', 'door']\nsays = 'in'\n"
        "[[house]]\nroom = 'cellar'\nsays = 'below'\n"
        "[[shed]]\nname = 'all'\nfiles = ['__init__']\nsays = 'tools'\n"
    )
    files = {
        "house/__init__.py": "",
        "house/door.py": "import json.decoder\n\ndef go():\n    from house.cellar import wine\n",
        "house/attic.py": "",
        "house/cellar/__init__.py": "",
        "house/cellar/wine.py": "from shed import SPADE\nfrom house.cellar.wine import x\n",
        "shed/__init__.py": "SPADE = 1\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(rooms, "CHECKOUT", tmp_path)
    monkeypatch.setattr(rooms, "TABLE", tmp_path / "rooms.toml")
    # The answers are kept for the life of a process: fresh ones here, and ours again afterwards.
    for cached in ("load_rooms", "modules", "imported"):
        monkeypatch.setattr(rooms, cached, getattr(rooms, cached).__wrapped__)
    return tmp_path


def test_a_room_has_its_place_from_the_top(checkout: Path) -> None:
    table = rooms.load_rooms()
    assert table.packages == {"house": ("shed",), "shed": ()}
    assert [(room.name, room.folder, room.place) for room in table.rooms["house"]] == [
        ("door", None, 0),
        ("cellar", "cellar", 1),
    ]


def test_modules_by_their_dotted_names(checkout: Path) -> None:
    assert rooms.modules() == {
        "house": Path("house/__init__.py"),
        "house.door": Path("house/door.py"),
        "house.attic": Path("house/attic.py"),
        "house.cellar": Path("house/cellar/__init__.py"),
        "house.cellar.wine": Path("house/cellar/wine.py"),
        "shed": Path("shed/__init__.py"),
    }


def test_an_import_inside_a_function_counts_and_others_are_told_by_package(checkout: Path) -> None:
    assert rooms.imported("house.door") == {"json", "house.cellar.wine"}
    assert rooms.imported("house.cellar.wine") == {"shed", "house.cellar.wine"}


def test_arrows_run_between_our_modules_only(checkout: Path) -> None:
    assert set(rooms.arrows()) == {
        ("house.door", "house.cellar.wine"),
        ("house.cellar.wine", "shed"),
    }


def test_a_relative_import_hides_the_arrow(checkout: Path) -> None:
    (checkout / "house/door.py").write_text("from . import cellar\n")
    with pytest.raises(ValueError, match=r"house/door.py: relative imports"):
        rooms.imported("house.door")


def test_the_room_that_a_module_stands_in(checkout: Path) -> None:
    assert rooms.room_of("house.door").name == "door"
    assert rooms.room_of("house.cellar.wine").name == "cellar"
    assert rooms.room_of("house.cellar").name == "cellar"
    assert rooms.package_of("house.cellar.wine") == "house"
    with pytest.raises(LookupError, match=r"house/attic.py stands in no room"):
        rooms.room_of("house.attic")
