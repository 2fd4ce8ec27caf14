"""Which images the commands for built ones mean by a name."""

import io
from pathlib import Path

import pytest
from fake_engine import FakeEngine, image_facts

from images import cli, cli_built_images
from images.catalog import image_tag, load_catalog
from images.console import Console
from images.contents.inventory import VARIANT_LABEL
from images.errors import CatalogError, EngineError, ImagesError, ShipError

CPU = image_tag(load_catalog().variant("cpu"))


def ours(*tags: str) -> FakeEngine:
    return FakeEngine(images=[image_facts(tag, labels={VARIANT_LABEL: "cpu"}) for tag in tags])


def test_a_variant_a_tag_and_neither() -> None:
    assert cli_built_images.tag_of("cpu") == CPU
    assert cli_built_images.tag_of("other:1") == "other:1"
    with pytest.raises(CatalogError, match=r"'metal' is neither a variant \(cpu, cuda, rocm, univ"):
        cli_built_images.tag_of("metal")


def test_a_variant_is_meant_for_every_platform_that_is_here() -> None:
    engine = ours(CPU, f"{CPU}-arm64", "alternator:old")
    assert cli_built_images.chosen(["cpu"], engine) == [CPU, f"{CPU}-arm64"]
    assert cli_built_images.chosen(["alternator:old"], engine) == ["alternator:old"]
    assert cli_built_images.chosen([], engine) == [CPU, f"{CPU}-arm64", "alternator:old"]


def test_what_is_not_here_is_named_all_the_same() -> None:
    assert cli_built_images.chosen(["cuda"], ours(CPU)) == [
        image_tag(load_catalog().variant("cuda"))
    ]
    with pytest.raises(CatalogError, match="there is no image of ours here"):
        cli_built_images.chosen([], FakeEngine())


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list"], ours(CPU), Console()) == 0
    heading, line = capsys.readouterr().out.splitlines()
    assert heading.split()[0] == "IMAGE"
    assert line.split()[:2] == [CPU, "cpu"]


def test_an_image_that_is_not_here_ends_the_command() -> None:
    for argv in (["size", "other:1"], ["size", "--diff", "other:1", "other:2"], ["bom", "other:1"]):
        with pytest.raises(EngineError, match="there is no image other:1 here"):
            cli.run(argv, FakeEngine(), Console(io.StringIO()))


def test_of_a_foreign_image_nothing_is_pushed_that_nobody_asked_it(tmp_path: Path) -> None:
    """What it is made of is asked of the image itself, on a machine of its platform."""
    foreign = image_facts(f"{CPU}-arm64", architecture="arm64", labels={VARIANT_LABEL: "cpu"})
    engine = FakeEngine(images=[foreign])
    with pytest.raises(CatalogError, match="`alternator images attest FOLDER` there, then push"):
        cli.run(["push", "registry.example/team", foreign.tags[0]], engine, Console())
    command = ["push", "registry.example/team", foreign.tags[0], "--attestations", str(tmp_path)]
    with pytest.raises(ShipError, match=f"has no attestations of sha256:{foreign.tags[0]}"):
        cli.run(command, engine, Console())


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (
            ["push", "registry.example/team", CPU, "--digests", "{there}/none/digests"],
            "written: No",
        ),
        (["attest", "{there}/file/attested", CPU], "attested can't be made: Not a directory"),
        (
            ["save", "{there}/none/images.tar", CPU],
            r"images\.tar can't be written: No such file or",
        ),
    ],
)
def test_where_it_is_to_be_written_is_tried_before_anything_is_done(
    command: list[str], says: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    filled = [word.format(there=tmp_path) for word in command]
    with pytest.raises(ImagesError, match=says):
        cli.run(filled, ours(CPU), Console(io.StringIO()))


def test_a_tag_is_not_signed() -> None:
    """It may be another image by now."""
    with pytest.raises(CatalogError, match="names no digest"):
        cli.run(["sign", "registry.example/team/alternator:1"], FakeEngine(), Console())


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImagesError, match=r"/none/bom\.json can't be written: No such file"):
        cli_built_images.write(tmp_path / "none" / "bom.json", "{}")
    with pytest.raises(ImagesError, match="can't be written: Is a directory"):
        cli_built_images.write(tmp_path, "{}")
