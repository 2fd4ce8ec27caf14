"""Attestations: what an image is made of and how, said of its digest, attached to it in a registry.

Each is an in-toto statement (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md).
Those of an image stand in one manifest, as BuildKit writes it, so that ``docker buildx imagetools``
and ``docker scout`` find it in the index; its ``subject`` makes it a referrer of the image, so that
``oras discover`` and ``cosign tree`` do:
https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, cast

from images.errors import ShipError
from images.publish.registry import (
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Repository,
    describe,
    encode,
)
from images.typed_json import ShapeError, typed

STATEMENT = "https://in-toto.io/Statement/v1"
IN_TOTO = "application/vnd.in-toto+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
ARTIFACT = "application/vnd.docker.attestation.manifest.v1+json"
PREDICATE_TYPE = "in-toto.io/predicate-type"
REFERENCE_TYPE = "vnd.docker.reference.type"
REFERENCE_DIGEST = "vnd.docker.reference.digest"

CYCLONEDX = "https://cyclonedx.org/bom"
SPDX = "https://spdx.dev/Document"
PROVENANCE = "https://slsa.dev/provenance/v1"


@dataclass(frozen=True, kw_only=True)
class Predicate:
    """What is said of an image: its type, an address, and the document."""

    type: str
    document: dict[str, object]


class Statement(TypedDict):
    """Of a statement what is read back; its predicate is passed on as it is."""

    predicateType: str


class Layer(TypedDict):
    """One statement in an attestation manifest."""

    mediaType: str
    digest: str


class Layers(TypedDict):
    """Of an attestation manifest what is read back."""

    layers: list[Layer]


def statement(name: str, digest: str, predicate: Predicate) -> bytes:
    """A statement about the image ``name`` of this digest (``sha256:…``)."""
    kind, _, value = digest.partition(":")
    return encode(
        {
            "_type": STATEMENT,
            "subject": [{"name": name, "digest": {kind: value}}],
            "predicateType": predicate.type,
            "predicate": predicate.document,
        }
    )


def attach(
    repository: Repository, image: Descriptor, predicates: Sequence[Predicate]
) -> Descriptor:
    """Put the attestations of an image into its repository; what an index lists them by."""
    layers: list[Descriptor] = []
    for predicate in predicates:
        content = statement(repository.name, image["digest"], predicate)
        repository.put_blob(content)
        layers.append(
            {**describe(content, IN_TOTO), "annotations": {PREDICATE_TYPE: predicate.type}}
        )
    # Of no use, but a client that takes the manifest for an image wants one.
    diffs = [layer["digest"] for layer in layers]
    config = encode(
        {
            "architecture": "unknown",
            "os": "unknown",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diffs},
        }
    )
    repository.put_blob(config)
    subject = {key: image[key] for key in ("mediaType", "digest", "size")}
    manifest = encode(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": ARTIFACT,
            "config": describe(config, CONFIG),
            "layers": layers,
            "subject": subject,
        }
    )
    listed = repository.put_manifest(manifest, OCI_MANIFEST)
    described: Descriptor = {**describe(manifest, OCI_MANIFEST)}
    if not listed:
        _list_by_tag(repository, image["digest"], {**described, "artifactType": ARTIFACT})
    return {
        **described,
        "platform": {"architecture": "unknown", "os": "unknown"},
        "annotations": {
            REFERENCE_TYPE: "attestation-manifest",
            REFERENCE_DIGEST: image["digest"],
        },
    }


def _list_by_tag(repository: Repository, digest: str, referrer: Descriptor) -> None:
    """Where a registry lists no referrers itself, a tag made from the digest does.

    https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
    """
    tag = digest.replace(":", "-")
    known = repository.get_manifest(tag)
    manifests: list[Descriptor] = json.loads(known[0])["manifests"] if known is not None else []
    # What an earlier push of the same image attached goes on being found by its digest.
    others = [entry for entry in manifests if entry.get("artifactType") != ARTIFACT]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*others, referrer]}
    repository.put_manifest(encode(index), OCI_INDEX, tag)


def read(repository: Repository, manifest: bytes) -> list[Predicate]:
    """The predicates in an attestation manifest. ShipError for one of another shape."""
    try:
        layers = typed(Layers, json.loads(manifest), "the attestation manifest")["layers"]
        contents = [repository.get_blob(layer["digest"]) for layer in layers]
        return [_predicate(json.loads(content)) for content in contents]
    except (ValueError, KeyError, ShapeError) as error:
        raise ShipError(f"{repository.name} has attestations of another shape: {error}") from error


def _predicate(statement: object) -> Predicate:
    kind = typed(Statement, statement, "a statement")["predicateType"]
    document = dict(cast("Mapping[str, object]", statement))["predicate"]
    return Predicate(type=kind, document=dict(cast("Mapping[str, object]", document)))
