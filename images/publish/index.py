"""Joins images of several platforms, and what is attested of them, under one name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from images.errors import ShipError
from images.publish.attestations import REFERENCE_DIGEST, Predicate, attach
from images.publish.registry import OCI_INDEX, Descriptor, Repository, describe, encode


@dataclass(frozen=True, kw_only=True)
class Member:
    """One platform's image in a repository, by its digest there, and what is attested of it."""

    architecture: str
    digest: str
    predicates: Sequence[Predicate] = ()


def join(repository: Repository, tag: str, members: Sequence[Member]) -> str:
    """Make ``tag`` an index of images that the repository has; returns the index's digest.

    The same images and attestations make the same index. ShipError has the registry's reason.
    """
    images: list[Descriptor] = []
    attested: list[Descriptor] = []
    for member in members:
        found = repository.get_manifest(member.digest)
        if found is None:
            raise ShipError(f"{repository.name} has no image {member.digest}")
        image = describe(*found)
        images.append({**image, "platform": {"architecture": member.architecture, "os": "linux"}})
        if member.predicates:
            attested.append(attach(repository, image, member.predicates))
    content = encode(
        {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*images, *attested]}
    )
    repository.put_manifest(content, OCI_INDEX, tag)
    return describe(content, OCI_INDEX)["digest"]


def attestations_in(repository: Repository, reference: str) -> Mapping[str, bytes]:
    """The attestation manifests in an index, by the digest of the image that each is about."""
    found = repository.get_manifest(reference)
    if found is None:
        raise ShipError(f"{repository.name} has no {reference}")
    manifests: list[Descriptor] = json.loads(found[0]).get("manifests", [])
    attested = {}
    for entry in manifests:
        image = entry.get("annotations", {}).get(REFERENCE_DIGEST)
        manifest = repository.get_manifest(entry["digest"]) if image else None
        if image and manifest is not None:
            attested[image] = manifest[0]
    return attested
