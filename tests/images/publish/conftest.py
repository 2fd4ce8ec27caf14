"""A registry on loopback with two images in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from oci_registry import OciRegistry, serve_registry

from images.publish.registry import DOCKER_MANIFEST, Repository, encode


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nobody has logged in."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()
    return tmp_path / "docker"


@pytest.fixture
def registry(nobody: Path) -> Iterator[OciRegistry]:
    with serve_registry() as made:
        yield made


@pytest.fixture
def repository(registry: OciRegistry) -> Repository:
    return Repository(host=registry.address, path="team/alternator", secure=False)


@pytest.fixture
def images(registry: OciRegistry) -> dict[str, str]:
    """The digests of an image for each of two platforms."""
    return {
        name: registry.put(encode({"schemaVersion": 2, "of": name}), DOCKER_MANIFEST)
        for name in ("amd64", "arm64")
    }
