"""One name for the images of all platforms and what is attested of them."""

import json

import pytest
from attested import PREDICATES
from oci_registry import OciRegistry

from images.errors import ShipError
from images.publish.index import Member, attestations_in, join
from images.publish.registry import OCI_INDEX, Repository


def members(images: dict[str, str], attested: bool = True) -> list[Member]:
    said = PREDICATES if attested else []
    return [Member(architecture=n, digest=d, predicates=said) for n, d in images.items()]


def test_images_come_first_then_what_is_attested_of_each(
    registry: OciRegistry, repository: Repository, images: dict[str, str]
) -> None:
    digest = join(repository, "1.0", members(images))
    content, kind = registry.manifests["1.0"]
    assert (registry.manifests[digest], kind) == ((content, kind), OCI_INDEX)
    entries = json.loads(content)["manifests"]
    assert [entry["platform"]["architecture"] for entry in entries] == [
        "amd64",
        "arm64",
        "unknown",
        "unknown",
    ]
    of = [entry["annotations"]["vnd.docker.reference.digest"] for entry in entries[2:]]
    assert of == list(images.values())
    assert list(attestations_in(repository, digest)) == of


def test_the_same_images_make_the_same_index(
    repository: Repository, images: dict[str, str]
) -> None:
    assert join(repository, "1.0", members(images)) == join(repository, "2.0", members(images))
    bare = join(repository, "3.0", members(images, attested=False))
    assert attestations_in(repository, bare) == {}


def test_an_image_that_is_not_there_is_named(repository: Repository) -> None:
    missing = f"sha256:{'0' * 64}"
    with pytest.raises(ShipError, match=f"has no image {missing}"):
        join(repository, "1.0", [Member(architecture="amd64", digest=missing)])
    with pytest.raises(ShipError, match=f"has no {missing}"):
        attestations_in(repository, missing)
