"""The picture of the rooms shows all of them, points downwards, and is current."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools import rooms_picture
from tools.rooms import load_rooms
from tools.rooms_picture import BOX_WIDTH, PANEL_WIDTH, main, panels, render

SVG = "{http://www.w3.org/2000/svg}"


def test_the_committed_picture_is_current() -> None:
    assert main(["--check"]) == 0


def test_a_picture_that_is_not_current_is_told_and_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "rooms.svg"
    monkeypatch.setattr(rooms_picture, "PICTURE", picture)
    assert main(["--check"]) == 1
    assert "run python -m tools.rooms_picture" in capsys.readouterr().err
    assert not picture.exists()
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_every_package_has_a_panel_and_none_lies_over_another() -> None:
    placed = panels()
    assert {panel.package for panel in placed} == set(load_rooms().packages)
    for panel in placed:
        for other in placed:
            beside = abs(panel.x - other.x) >= PANEL_WIDTH
            apart = panel.y + panel.height <= other.y or other.y + other.height <= panel.y
            assert panel is other or beside or apart, (panel, other)


def test_every_room_has_a_box_with_its_name_and_what_it_says() -> None:
    tree = ElementTree.fromstring(render())
    named = [text.text for text in tree.iter(f"{SVG}text") if text.get("class") == "room"]
    says = {text.text for text in tree.iter(f"{SVG}text") if text.get("class") == "says"}
    boxes = [box for box in tree.iter(f"{SVG}rect") if box.get("class") == "box"]
    rooms = [room for package in load_rooms().rooms.values() for room in package]
    assert sorted(str(name) for name in named) == sorted(
        f"{room.name}/" if room.folder else room.name for room in rooms
    )
    assert says == {room.says for room in rooms}
    assert len(boxes) == len(rooms)


def test_every_curve_runs_downwards_and_stays_in_its_panel() -> None:
    curves = [curve.get("d") or "" for curve in ElementTree.fromstring(render()).iter(f"{SVG}path")]
    curves = [curve for curve in curves if " C" in curve]
    assert curves
    for curve in curves:
        x, leaves, out, *_, enters = (float(n) for n in re.findall(r"[\d.]+", curve))
        assert enters > leaves
        assert x < out < x + PANEL_WIDTH - BOX_WIDTH
