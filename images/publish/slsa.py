"""How an image was made: SLSA provenance, version 1, from the image's labels and the checkout.

https://slsa.dev/spec/v1.1/provenance
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from packageurl import PackageURL

from images.build.provenance import revision
from images.catalog import CHECKOUT
from images.contents.inventory import (
    FULL_LABEL,
    REVISION_LABEL,
    TORCH_LABEL,
    VARIANT_LABEL,
    WHEEL_LABEL,
)
from images.engine.answers import ImageFacts
from images.engine.platforms import PLATFORMS
from probe.universal.lock import Lock, normalise, read

# What a `make images` is; the document says what its parameters mean.
BUILD_TYPE = "urn:alternator:make-images:v1"
LOCAL_BUILDER = "urn:alternator:a-machine-of-somebodys"
SOURCE_LABEL = "org.opencontainers.image.source"
BASE_NAME_LABEL = "org.opencontainers.image.base.name"
BASE_DIGEST_LABEL = "org.opencontainers.image.base.digest"

Document = dict[str, object]


def provenance(
    image: ImageFacts, environ: Mapping[str, str], checkout: Path = CHECKOUT
) -> Document:
    """The predicate of an image.

    What its packages were held to is told where the checkout is at the image's commit, with no file
    changed; elsewhere the locks need not be those that it was built with.
    """
    labels = image.labels
    parameters = {
        "variant": labels.get(VARIANT_LABEL, ""),
        "torch": labels.get(TORCH_LABEL, ""),
        "wheel": labels.get(WHEEL_LABEL, ""),
        "full": labels.get(FULL_LABEL, ""),
        "platform": f"{image.os}/{image.architecture}",
    }
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {name: value for name, value in parameters.items() if value},
            "resolvedDependencies": [
                *_source(labels),
                *_base(labels),
                *_packages(image, checkout),
            ],
        },
        "runDetails": _run(environ),
    }


def _source(labels: Mapping[str, str]) -> Iterator[Document]:
    """The commit, where it is one."""
    commit = labels.get(REVISION_LABEL, "unknown")
    if commit == "unknown":
        return
    source = labels.get(SOURCE_LABEL, "unknown")
    entry: Document = {"name": "source", "digest": {"gitCommit": commit.removesuffix("-dirty")}}
    if source != "unknown":
        entry["uri"] = f"git+{source}"
    if commit.endswith("-dirty"):
        entry["annotations"] = {"changed": "files differed from the commit"}
    yield entry


def _base(labels: Mapping[str, str]) -> Iterator[Document]:
    """The base image, by its digest where it has one."""
    name, _, pinned = labels.get(BASE_NAME_LABEL, "").partition("@")
    digest = pinned or labels.get(BASE_DIGEST_LABEL, "")
    if not name:
        return
    entry: Document = {"name": f"base image {name}"}
    kind, _, value = digest.partition(":")
    if value:
        entry["digest"] = {kind: value}
    yield entry


def _packages(image: ImageFacts, checkout: Path) -> Iterator[Document]:
    """The lock of the build, and each file that it names by hash."""
    commit = revision(checkout)
    if image.labels.get(REVISION_LABEL) != commit or commit.endswith("-dirty"):
        return
    path = _lock_path(image)
    if path is None or not (checkout / path).is_file():
        return
    content = (checkout / path).read_bytes()
    yield {"name": str(path), "digest": {"sha256": hashlib.sha256(content).hexdigest()}}
    lock: Lock = read(checkout / path)
    for entry in (*lock.packages, *lock.source, *lock.tools):
        url = PackageURL(type="pypi", name=normalise(entry.name), version=entry.version)
        for value in entry.hashes:
            yield {"uri": str(url), "digest": {"sha256": value}}


def _lock_path(image: ImageFacts) -> Path | None:
    labels = image.labels
    machines = {platform.architecture: platform.machine for platform in PLATFORMS}
    machine, variant = machines.get(image.architecture), labels.get(VARIANT_LABEL, "")
    if machine is None or not variant:
        return None
    torch = labels.get(TORCH_LABEL, "")
    build = f"{variant}-{torch}-{labels.get(WHEEL_LABEL, '')}" if torch else variant
    return Path("images", variant, f"{build}.{machine}.lock")


def _run(environ: Mapping[str, str]) -> Document:
    """Who built it: the workflow and its run where there is one.

    https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    """
    workflow = environ.get("GITHUB_WORKFLOW_REF")
    if not workflow:
        return {"builder": {"id": LOCAL_BUILDER}}
    server = environ.get("GITHUB_SERVER_URL", "")
    run = f"{environ.get('GITHUB_REPOSITORY')}/actions/runs/{environ.get('GITHUB_RUN_ID')}"
    return {
        "builder": {"id": f"{server}/{workflow}"},
        "metadata": {
            "invocationId": f"{server}/{run}/attempts/{environ.get('GITHUB_RUN_ATTEMPT', '1')}"
        },
    }
