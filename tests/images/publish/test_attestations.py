"""Attestations are of the very image, and found as buildx, scout, oras and cosign look for them."""

import json

import pytest
from attested import PREDICATES
from oci_registry import OciRegistry, serve_registry

from images.errors import ShipError
from images.publish.attestations import ARTIFACT, SPDX, attach, read, statement
from images.publish.registry import DOCKER_MANIFEST, OCI_INDEX, Descriptor, Repository

IMAGE: Descriptor = {"mediaType": DOCKER_MANIFEST, "digest": f"sha256:{'a' * 64}", "size": 7}


def test_a_statement_names_the_image_by_its_digest() -> None:
    assert json.loads(statement("registry.example/team", IMAGE["digest"], PREDICATES[0])) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "registry.example/team", "digest": {"sha256": "a" * 64}}],
        "predicateType": SPDX,
        "predicate": {"spdxVersion": "SPDX-2.3"},
    }


def test_an_index_lists_them_as_buildkit_does(
    registry: OciRegistry, repository: Repository
) -> None:
    entry = attach(repository, IMAGE, PREDICATES)
    assert entry["platform"] == {"architecture": "unknown", "os": "unknown"}
    assert entry["annotations"] == {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": IMAGE["digest"],
    }
    manifest = json.loads(registry.manifests[entry["digest"]][0])
    assert [layer["annotations"]["in-toto.io/predicate-type"] for layer in manifest["layers"]] == [
        "https://spdx.dev/Document",
        "https://cyclonedx.org/bom",
        "https://slsa.dev/provenance/v1",
    ]
    assert {layer["mediaType"] for layer in manifest["layers"]} == {"application/vnd.in-toto+json"}
    config = json.loads(registry.blobs[manifest["config"]["digest"]])
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]


def test_they_are_referrers_of_the_image(registry: OciRegistry, repository: Repository) -> None:
    attach(repository, IMAGE, PREDICATES)
    [found] = registry.listed(IMAGE["digest"])
    assert (found["artifactType"], found["subject"]) == (ARTIFACT, IMAGE)
    assert f"sha256-{'a' * 64}" not in registry.manifests


def test_where_a_registry_lists_no_referrers_a_tag_does(nobody: object) -> None:
    with serve_registry(referrers=False) as registry:
        repository = Repository(host=registry.address, path="team", secure=False)
        first = attach(repository, IMAGE, PREDICATES[:1])
        second = attach(repository, IMAGE, PREDICATES)
        content, kind = registry.manifests[f"sha256-{'a' * 64}"]
    assert kind == OCI_INDEX
    [listed] = json.loads(content)["manifests"]
    assert (listed["digest"], listed["artifactType"]) == (second["digest"], ARTIFACT)
    assert first["digest"] != second["digest"]


def test_a_referrer_of_somebody_else_stays(nobody: object) -> None:
    """A signature that cosign put there, say."""
    with serve_registry(referrers=False) as registry:
        repository = Repository(host=registry.address, path="team", secure=False)
        signature = registry.put(b"{}", "application/json")
        entry = {"digest": signature, "artifactType": "a/signature", "size": 2, "mediaType": "x"}
        registry.put(json.dumps({"manifests": [entry]}).encode(), OCI_INDEX, f"sha256-{'a' * 64}")
        attach(repository, IMAGE, PREDICATES)
        content, _ = registry.manifests[f"sha256-{'a' * 64}"]
    assert [entry["artifactType"] for entry in json.loads(content)["manifests"]] == [
        "a/signature",
        ARTIFACT,
    ]


def test_what_was_attached_is_read_back(registry: OciRegistry, repository: Repository) -> None:
    entry = attach(repository, IMAGE, PREDICATES)
    assert read(repository, registry.manifests[entry["digest"]][0]) == PREDICATES


def test_a_manifest_of_another_shape_is_an_error(repository: Repository) -> None:
    with pytest.raises(ShipError, match="attestations of another shape: the attestation manifest"):
        read(repository, b'{"layers": 1}')
