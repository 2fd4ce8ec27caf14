"""Where images go: to a registry, or through a file to a machine without network.

An engine's image store holds one image a tag, so here an image of a platform other than the
engine's says so in its tag (``alternator:0.1.0-cpu-arm64``). In a registry every image has such a
tag, and the plain one names an index of them: who pulls it gets the image of his own platform, or a
refusal where there is none.
"""

import json
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import docker
import requests
from docker.errors import DockerException, ImageNotFound
from docker.models.images import Image

from images.console import StatusLine
from images.contents.inventory import REVISION_LABEL
from images.engine.platforms import Platform, native
from images.errors import ShipError
from images.publish import manifests

CHUNK = 4 * 1024 * 1024  # bytes
SLOW_S = 3600  # the engine may be silent while it packs several GB


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """An index in a registry: its reference and digest, and the platforms that it has images of."""

    reference: str
    digest: str
    platforms: tuple[str, ...]


def push(client: docker.DockerClient, registry: str, tags: Sequence[str]) -> Iterator[Pushed]:
    """Push the images to ``registry`` (host[:port][/path]), and an index for those that differ only
    in platform; yields each index.

    Credentials are those of ``docker login``. ShipError has the registry's reason.
    """
    families: dict[str, dict[str, Image]] = {}
    for tag in tags:
        image = _get(client, tag)
        architecture = str(image.attrs["Architecture"])
        families.setdefault(tag.removesuffix(f"-{architecture}"), {})[architecture] = image
    for tag, images in families.items():
        revisions = {
            architecture: image.labels.get(REVISION_LABEL, "unknown")
            for architecture, image in sorted(images.items())
        }
        if len(set(revisions.values())) > 1:
            found = ", ".join(f"{name} of {revision}" for name, revision in revisions.items())
            raise ShipError(
                f"{tag} is not of one commit on every platform ({found}): build it for all of them "
                f"from one, or push one alone"
            )
    for tag, images in families.items():
        name, _, version = tag.rpartition(":")
        repository = f"{registry.rstrip('/')}/{name}"
        digests = [
            _push_one(client, image, repository, f"{version}-{architecture}")
            for architecture, image in sorted(images.items())
        ]
        reference = f"{repository}:{version}"
        yield Pushed(
            reference=reference,
            digest=manifests.join(client, reference, [f"{repository}@{d}" for d in digests]),
            platforms=tuple(f"linux/{architecture}" for architecture in sorted(images)),
        )


def _get(client: docker.DockerClient, tag: str) -> Image:
    try:
        return client.images.get(tag)
    except ImageNotFound as error:
        raise ShipError(f"there is no image {tag} here: build it first") from error


def _push_one(client: docker.DockerClient, image: Image, repository: str, version: str) -> str:
    """Push one image under a name that it has for this alone; its digest there."""
    try:
        image.tag(repository, version)
    except DockerException as error:
        raise ShipError(f"{repository}:{version} is no name for an image: {error}") from error
    digest = ""
    with StatusLine() as status:
        try:
            for event in client.images.push(repository, version, stream=True, decode=True):
                if "error" in event:
                    raise ShipError(f"{repository}:{version} is not taken: {event['error']}")
                status.update(f"pushing {repository}:{version}")
                digest = event.get("aux", {}).get("Digest", digest)
        except (DockerException, requests.RequestException) as error:
            raise ShipError(f"{repository}:{version} can't be pushed: {error}") from error
        finally:
            client.images.remove(f"{repository}:{version}")
    return digest


def save(client: docker.DockerClient, tags: Sequence[str], path: Path) -> int:
    """Write images into one archive; its size in bytes. Layers that they share are in it once.

    The file appears under its name only when it is whole.
    """
    for tag in tags:
        _get(client, tag)
    unfinished = path.with_name(f"{path.name}.new")
    try:
        with StatusLine() as status, unfinished.open("wb") as file:
            answer = client.api.get(
                f"{client.api.base_url}/v{client.api.api_version}/images/get",
                params={"names": list(tags)},
                stream=True,
                timeout=SLOW_S,
            )
            answer.raise_for_status()
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                status.update(f"writing {path.name}")
        size = unfinished.stat().st_size
        unfinished.replace(path)
    except (OSError, requests.RequestException) as error:
        raise ShipError(f"{path} can't be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return size


def load(client: docker.DockerClient, path: Path) -> list[str]:
    """Take the images out of an archive; their tags here. ShipError if it is none."""
    earlier = {tag: str(image.id) for image in client.images.list() for tag in image.tags}
    try:
        tags = _tags_in(path)
        with path.open("rb") as file, StatusLine() as status:
            status.update(f"loading {path.name}")
            client.images.load(file)
    except OSError as error:
        raise ShipError(f"{path}: {error.strerror or error}") from error
    except (DockerException, tarfile.TarError, LookupError, TypeError, ValueError) as error:
        raise ShipError(f"{path} is no archive of images: {error}") from error
    own = native(client)
    return sorted({_rename(client, tag, own, earlier.get(tag)) for tag in tags})


def _tags_in(path: Path) -> list[str]:
    """The names of the images in an archive."""
    with tarfile.open(path) as archive:
        manifest = archive.extractfile("manifest.json")
        images = json.load(manifest) if manifest is not None else []
    return [tag for image in images for tag in image["RepoTags"] or ()]


def _rename(client: docker.DockerClient, tag: str, own: Platform, earlier: str | None) -> str:
    """The tag that an image gets on this engine: plain if it is of its platform, else with its own.

    ``earlier`` is the image that had the tag before, which one of another platform gives back.
    """
    image = client.images.get(tag)
    architecture = str(image.attrs["Architecture"])
    suffix = "" if architecture == own.architecture else f"-{architecture}"
    wanted = tag.removesuffix(f"-{architecture}") + suffix
    if wanted == tag:
        return tag
    repository, _, version = tag.rpartition(":")
    image.tag(repository, wanted.rpartition(":")[2])
    client.images.remove(tag)
    if earlier is not None and earlier != image.id:
        client.images.get(earlier).tag(repository, version)
    return wanted
