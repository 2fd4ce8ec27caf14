"""Podman builds an image anew when something that goes into it changed, and only then."""

from pathlib import Path

import pytest
from fake_engine import FakeEngine, image_facts

from images.build import podman


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / name).write_text(name)
    for name in (
        "alternator",
        "probe",
        "sandbox",
        "images/scripts",
        "images/wheelhouse/cpu",
        "images/cpu",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "probe" / "cli.py").write_text("1")
    (tmp_path / "images" / "scripts" / "settle.sh").write_text("1")
    (tmp_path / "images" / "wheelhouse" / "cpu" / "torch-2-any.whl").write_bytes(b"1")
    return tmp_path


ARGUMENTS = {"BASE": "b", "REVISION": "1"}


def test_the_same_files_give_the_same(checkout: Path) -> None:
    before = podman.inputs(checkout, "cpu", ARGUMENTS)
    (checkout / "probe" / "__pycache__").mkdir()
    (checkout / "probe" / "__pycache__" / "cli.pyc").write_text("x")
    (checkout / "docs.md").write_text("no part of an image")
    (checkout / "alternator" / "libkernels.so").write_text("what this machine compiled")
    (checkout / "sandbox" / "app.py").write_text("no part of this one")
    (checkout / "images" / "cpu" / "sizes.json").write_text("{}")
    assert podman.inputs(checkout, "cpu", {**ARGUMENTS, "REVISION": "2"}) == before


@pytest.mark.parametrize(
    "name", ["README.md", "probe/cli.py", "images/cpu/Dockerfile", "images/wheelhouse/cpu/new.whl"]
)
def test_a_file_that_changed_or_came_gives_another(checkout: Path, name: str) -> None:
    before = podman.inputs(checkout, "cpu", ARGUMENTS)
    (checkout / name).write_text("2")
    assert podman.inputs(checkout, "cpu", ARGUMENTS) != before


def test_so_do_a_mode_and_an_argument(checkout: Path) -> None:
    before = podman.inputs(checkout, "cpu", ARGUMENTS)
    assert podman.inputs(checkout, "cpu", {**ARGUMENTS, "GFX": "gfx1100"}) != before
    (checkout / "images" / "scripts" / "settle.sh").chmod(0o755)
    assert podman.inputs(checkout, "cpu", ARGUMENTS) != before


def test_an_image_is_known_by_its_label() -> None:
    engine = FakeEngine(images=[image_facts("a:1", labels={podman.LABEL: "x"}), image_facts("b:1")])
    assert podman.is_current(engine, "a:1", "x")
    assert not podman.is_current(engine, "a:1", "y")
    assert not podman.is_current(engine, "b:1", "x")
    assert not podman.is_current(engine, "c:1", "x")
