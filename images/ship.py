"""Where images go: to a registry, or through a file to a machine without network."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import docker
import requests
from docker.errors import DockerException, ImageNotFound

from images.console import StatusLine
from images.errors import ShipError

CHUNK = 4 * 1024 * 1024  # bytes
SLOW_S = 3600  # the engine may be silent while it packs several GB


def push(
    client: docker.DockerClient, registry: str, tags: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Push each tag to ``registry`` (host[:port][/path]); yields its reference and digest there.

    Credentials are those of ``docker login``. ShipError has the registry's reason.
    """
    for tag in tags:
        name, _, version = tag.rpartition(":")
        repository = f"{registry.rstrip('/')}/{name}"
        reference = f"{repository}:{version}"
        try:
            client.images.get(tag).tag(repository, version)
        except ImageNotFound as error:
            raise ShipError(f"there is no image {tag} here: build it first") from error
        except DockerException as error:
            raise ShipError(f"{reference} is no name for an image: {error}") from error
        try:
            yield reference, _push_one(client, repository, version)
        finally:
            client.images.remove(reference)


def _push_one(client: docker.DockerClient, repository: str, version: str) -> str:
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
    return digest


def save(client: docker.DockerClient, tags: Sequence[str], path: Path) -> int:
    """Write images into one archive; its size in bytes. Layers that they share are in it once.

    The file appears under its name only when it is whole.
    """
    for tag in tags:
        try:
            client.images.get(tag)
        except ImageNotFound as error:
            raise ShipError(f"there is no image {tag} here: build it first") from error
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
    """Take the images out of an archive; their tags. ShipError if it is none."""
    try:
        with path.open("rb") as file, StatusLine() as status:
            status.update(f"loading {path.name}")
            images = client.images.load(file)
    except OSError as error:
        raise ShipError(f"{path}: {error.strerror or error}") from error
    except DockerException as error:
        raise ShipError(f"{path} is no archive of images: {error}") from error
    return sorted(tag for image in images for tag in image.tags)
