"""Images of one name on several platforms are a family, of one commit, and each has its tag."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from fake_engine import FakeEngine, image_facts

from images.console import Console
from images.contents.inventory import REVISION_LABEL
from images.engine.answers import ImageFacts
from images.engine.platforms import AMD64, ARM64, Platform
from images.errors import ShipError
from images.publish import transfer
from images.publish.transfer import Family, Transfer

TAG = "alternator:1-cpu"


def image(architecture: str, revision: str = "abc") -> ImageFacts:
    return image_facts(TAG, architecture=architecture, labels={REVISION_LABEL: revision})


def test_tags_that_differ_in_the_platform_only_are_one_family() -> None:
    amd64, arm64, other = image("amd64"), image("arm64"), image("amd64")
    found = {TAG: amd64, f"{TAG}-arm64": arm64, "alternator:1-cuda": other}
    assert transfer.group(found) == [
        Family(tag=TAG, members={"amd64": amd64, "arm64": arm64}),
        Family(tag="alternator:1-cuda", members={"amd64": other}),
    ]


def test_two_commits_are_not_joined() -> None:
    transfer.refuse_two_commits(Family(tag=TAG, members={"amd64": image("amd64")}))
    mixed = {"arm64": image("arm64", "two"), "amd64": image("amd64", "one")}
    with pytest.raises(ShipError, match=r"every platform \(amd64 of one, arm64 of two\)"):
        transfer.refuse_two_commits(Family(tag=TAG, members=mixed))


@pytest.mark.parametrize(
    ("tag", "architecture", "here", "expected"),
    [
        (TAG, "amd64", AMD64, TAG),
        (TAG, "arm64", AMD64, f"{TAG}-arm64"),
        (f"{TAG}-arm64", "arm64", AMD64, f"{TAG}-arm64"),
        (f"{TAG}-arm64", "arm64", ARM64, TAG),
    ],
)
def test_the_tag_on_this_engine(tag: str, architecture: str, here: Platform, expected: str) -> None:
    assert transfer.tag_here(tag, architecture, here) == expected


@pytest.fixture
def moving() -> Transfer:
    """With an engine that has no image."""
    return Transfer(engine=FakeEngine(), console=Console(io.StringIO()))


def test_an_image_that_is_not_here_is_named(moving: Transfer, tmp_path: Path) -> None:
    with pytest.raises(ShipError, match="there is no image alternator:none here"):
        moving.save(["alternator:none"], tmp_path / "images.tar")
    with pytest.raises(ShipError, match="there is no image alternator:none here"):
        list(moving.push("registry.example", ["alternator:none"]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("manifest", [None, "{}", '[{"Config": "a"}]', "[1]"])
def test_a_file_that_holds_no_images_is_named(
    moving: Transfer, tmp_path: Path, manifest: str | None
) -> None:
    archive = tmp_path / "junk.tar"
    with tarfile.open(archive, "w") as tar:
        entry = tarfile.TarInfo("manifest.json" if manifest else "other.txt")
        content = (manifest or "text").encode()
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    with pytest.raises(ShipError, match=r"junk\.tar is no archive of images"):
        moving.load(archive)


def test_a_missing_file_is_named(moving: Transfer, tmp_path: Path) -> None:
    with pytest.raises(ShipError, match=r"none\.tar: No such file"):
        moving.load(tmp_path / "none.tar")


def test_the_names_in_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "images.tar"
    content = json.dumps([{"RepoTags": [TAG]}, {"RepoTags": None}]).encode()
    with tarfile.open(archive, "w") as tar:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    assert transfer._tags_in(archive) == [TAG]
