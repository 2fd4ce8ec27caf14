"""What is put into a registry, and that its reasons, tokens and credentials are understood."""

import base64
import json
from pathlib import Path

import pytest
from oci_registry import PASSWORD, USER, OciRegistry, serve_registry

from images.errors import ShipError
from images.publish.registry import OCI_INDEX, Repository, describe, encode


def test_a_blob_is_uploaded_once(registry: OciRegistry, repository: Repository) -> None:
    for _ in range(2):
        repository.put_blob(b"content")
    digest = describe(b"content", "")["digest"]
    assert registry.blobs == {digest: b"content"}
    assert [line.partition(" ")[0] for line in registry.asked] == ["HEAD", "POST", "PUT", "HEAD"]
    assert repository.get_blob(digest) == b"content"


def test_other_bytes_than_asked_for_are_refused(
    registry: OciRegistry, repository: Repository
) -> None:
    digest = describe(b"content", "")["digest"]
    registry.blobs[digest] = b"changed"
    with pytest.raises(ShipError, match=f"serves other bytes than {digest}"):
        repository.get_blob(digest)


def test_a_manifest_by_tag_and_by_digest(repository: Repository) -> None:
    content = encode({"schemaVersion": 2, "manifests": []})
    assert repository.get_manifest("1.0") is None
    repository.put_manifest(content, OCI_INDEX, "1.0")
    assert repository.get_manifest("1.0") == (content, OCI_INDEX)
    assert repository.get_manifest(describe(content, "")["digest"]) == (content, OCI_INDEX)


def test_the_registrys_reason_is_told(repository: Repository) -> None:
    content = encode({"schemaVersion": 2, "manifests": [{"digest": "sha256:0"}]})
    with pytest.raises(ShipError, match=r"PUT manifests/1\.0: 400 MANIFEST_BLOB_UNKNOWN sha256:0"):
        repository.put_manifest(content, OCI_INDEX, "1.0")


def test_a_registry_that_does_not_answer_is_named() -> None:
    with pytest.raises(ShipError, match=r"127\.0\.0\.1:1/team can't be asked"):
        Repository(host="127.0.0.1:1", path="team", secure=False).get_manifest("1")


def log_in(folder: Path, host: str, password: str) -> None:
    """What `docker login` writes."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


def test_a_token_is_fetched_with_the_credentials_of_docker_login(nobody: Path) -> None:
    with serve_registry(guarded=True) as registry:
        log_in(nobody, registry.address, PASSWORD)
        repository = Repository(host=registry.address, path="team", secure=False)
        repository.put_blob(b"content")
        assert list(registry.blobs.values()) == [b"content"]
        assert registry.asked.count("GET /token") == 1


def test_no_other_host_gets_the_registrys_token(nobody: Path) -> None:
    """A registry may have its blobs sent elsewhere, to a bucket of somebody's."""
    with (
        serve_registry() as bucket,
        serve_registry(guarded=True, uploads_at=bucket.address) as registry,
    ):
        log_in(nobody, registry.address, PASSWORD)
        Repository(host=registry.address, path="team", secure=False).put_blob(b"content")
        assert list(bucket.blobs.values()) == [b"content"]
        assert bucket.credentials == [None]


@pytest.mark.parametrize("password", ["", "wrong"])
def test_without_the_right_credentials_it_is_said(nobody: Path, password: str) -> None:
    with serve_registry(guarded=True) as registry:
        if password:
            log_in(nobody, registry.address, password)
        repository = Repository(host=registry.address, path="team", secure=False)
        with pytest.raises(ShipError, match=r"gives no token: 401 UNAUTHORIZED.*`docker login`"):
            repository.put_blob(b"content")
        assert registry.blobs == {}
